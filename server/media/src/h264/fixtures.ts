/**
 * Bytes that encoders made, for tests. What is expected of them is what ffprobe says.
 */
export interface SpsFixture {
  readonly name: string;
  readonly sps: string;
  readonly pps: string;
  readonly expected: {
    readonly profile: number;
    readonly constraints: number;
    readonly level: number;
    readonly width: number;
    readonly height: number;
    readonly frameRate: readonly [number, number] | undefined;
    readonly chromaFormat: number;
    readonly bitDepth: number;
    readonly reorderDepth: number | undefined;
    readonly frameMbsOnly: boolean;
  };
}

const progressive420 = { chromaFormat: 1, bitDepth: 8, frameMbsOnly: true } as const;

export const spsFixtures: readonly SpsFixture[] = [
  {
    name: "x264 baseline 320x240",
    sps: "6742c00dda0507ec0440000003004000000f23c50aa8",
    pps: "68ce0fc8",
    expected: {
      ...progressive420,
      profile: 66,
      constraints: 0xc0,
      level: 13,
      width: 320,
      height: 240,
      frameRate: [30, 1],
      reorderDepth: 0,
    },
  },
  {
    name: "x264 main with B-frames",
    sps: "674d400deca0a0fd8088000003000800000301e078a14cb0",
    pps: "68eae3cb20",
    expected: {
      ...progressive420,
      profile: 77,
      constraints: 0x40,
      level: 13,
      width: 320,
      height: 240,
      frameRate: [30, 1],
      reorderDepth: 2,
    },
  },
  {
    name: "x264 high without B-frames",
    sps: "6764000dacb20283f60220000003002000000781e28549",
    pps: "68ebc3cb22c0",
    expected: {
      ...progressive420,
      profile: 100,
      constraints: 0,
      level: 13,
      width: 320,
      height: 240,
      frameRate: [30, 1],
      reorderDepth: 0,
    },
  },
  {
    name: "x264 high with B-frames as references",
    sps: "6764000dacd94141fb0110000003001000000303c0f1429960",
    pps: "68ebe3cb22c0",
    expected: {
      ...progressive420,
      profile: 100,
      constraints: 0,
      level: 13,
      width: 320,
      height: 240,
      frameRate: [30, 1],
      reorderDepth: 2,
    },
  },
  {
    name: "x264 1080p, cropped from 1088 lines",
    sps: "6742c028da01e0089f97011000000300100000030320f1832a",
    pps: "68ce0fc8",
    expected: {
      ...progressive420,
      profile: 66,
      constraints: 0xc0,
      level: 40,
      width: 1920,
      height: 1080,
      frameRate: [25, 1],
      reorderDepth: 0,
    },
  },
  {
    name: "x264 1080i, cropped in units of four lines",
    sps: "67640028acd94078044fde0220000003002000000643e2c5b2c0",
    pps: "68faa3cb22c0",
    expected: {
      ...progressive420,
      profile: 100,
      constraints: 0,
      level: 40,
      width: 1920,
      height: 1080,
      frameRate: [25, 1],
      reorderDepth: 2,
      frameMbsOnly: false,
    },
  },
  {
    name: "x264 4:2:2, 322x242 at 29.97",
    sps: "677a000dbcd9415087888fc04400000fa40003a9803c50a658",
    pps: "68ebe3cb22c0",
    expected: {
      profile: 122,
      constraints: 0,
      level: 13,
      width: 322,
      height: 242,
      frameRate: [30_000, 1001],
      chromaFormat: 2,
      bitDepth: 8,
      reorderDepth: 2,
      frameMbsOnly: true,
    },
  },
  {
    name: "x264 4:4:4, odd size 101x53",
    sps: "67f4000a919b28e4f1919ff806a00978800000030080000032078912cb",
    pps: "68ebe3c44844",
    expected: {
      profile: 244,
      constraints: 0,
      level: 10,
      width: 101,
      height: 53,
      frameRate: [50, 1],
      chromaFormat: 3,
      bitDepth: 8,
      reorderDepth: 2,
      frameMbsOnly: true,
    },
  },
  {
    name: "x264 10 bits",
    sps: "676e0015a6cd94141fb011000003000100000300640f162d96",
    pps: "68ebe3cb22c0",
    expected: {
      profile: 110,
      constraints: 0,
      level: 21,
      width: 320,
      height: 240,
      frameRate: [50, 1],
      chromaFormat: 1,
      bitDepth: 10,
      reorderDepth: 2,
      frameMbsOnly: true,
    },
  },
  {
    name: "x264 high, all intra",
    sps: "67641015acb8283f6022000003000200000300c808",
    pps: "68ee0f2c8b",
    expected: {
      ...progressive420,
      profile: 100,
      constraints: 0x10,
      level: 21,
      width: 320,
      height: 240,
      frameRate: [50, 1],
      reorderDepth: 0,
    },
  },
  {
    name: "x264 AVC-Intra with scaling lists and zeros behind",
    sps: "677a1029b6d420223319c6632321011198ce331918210256b93d7d7e4fe33f11f19e08b88c5443c0780227e270110000030001000003003284".padEnd(
      246 * 2,
      "0",
    ),
    pps: "68ce3348d0",
    expected: {
      profile: 122,
      constraints: 0x10,
      level: 41,
      width: 1920,
      height: 1080,
      frameRate: [25, 1],
      chromaFormat: 2,
      bitDepth: 10,
      reorderDepth: 0,
      frameMbsOnly: true,
    },
  },
  {
    name: "x264 interlaced with HRD, colour description and chroma location",
    sps: "67640015acd9474f35ffe00e001334e0202034a0000003002000000c8c04003d08000f427269c07c50a658",
    pps: "68fbacb22c",
    expected: {
      ...progressive420,
      profile: 100,
      constraints: 0,
      level: 21,
      width: 102,
      height: 56,
      frameRate: [50, 1],
      reorderDepth: 2,
      frameMbsOnly: false,
    },
  },
  {
    name: "GStreamer x264enc constrained baseline",
    sps: "6742c01ed900a03db016a0c0c0d4a0000003002000000791e2c5c9",
    pps: "68cb8cb2",
    expected: {
      ...progressive420,
      profile: 66,
      constraints: 0xc0,
      level: 30,
      width: 640,
      height: 480,
      frameRate: [30, 1],
      reorderDepth: 0,
    },
  },
  {
    name: "OpenH264 640x360 without timing",
    sps: "6742c01e8c8d405017fcb00f08846a",
    pps: "68ce3c80",
    expected: {
      ...progressive420,
      profile: 66,
      constraints: 0xc0,
      level: 30,
      width: 640,
      height: 360,
      frameRate: undefined,
      reorderDepth: 0,
    },
  },
];

/** x264 baseline 32x32, three frames with start codes of 4 and 3 bytes: SPS, PPS, IDR; P; P. */
export const tinyAnnexB: string =
  "000000016742c00ad9096c0440000003004000000ca3c489920000000168cb80e4b2" +
  "00000165888411fb3e1600fc6c5062e3d32cc170329cb5e890f57e61a0c6861c565a85c4de176049c6cbd69573da922d" +
  "0982d098fea9f48c755594b772aa298ac927217c769b0c83000f0898787c89d1a56ec3667391063ad0de5eb8b4260b42" +
  "6210ff510d8fe026d7c7bc1b50a0fa770c0cb038011d04000d091831252147f79c0d243d40103519f79ff0001885843c" +
  "047be8f17ba7237dfd42f641081e185ab0ba0ae8243db44ec1f48ca94c2179d0" +
  "00000001419a3816e58000000001419a5405b960";

/** ffmpeg's avcC of the same encoder, by profile. */
export const avcCFixtures: readonly { readonly codecString: string; readonly avcC: string }[] = [
  {
    codecString: "avc1.42c00d",
    avcC: "0142c00dffe100186742c00dd90141fb011000000300100000030320f142a48001000568cb83cb20",
  },
  {
    codecString: "avc1.4d400d",
    avcC: "014d400dffe10018674d400deca0a0fd80880000030008000003019078a14cb001000568ebe3cb20",
  },
  {
    codecString: "avc1.64000d",
    avcC: "0164000dffe100196764000dacd94141fb011000000300100000030320f142996001000668ebe3cb22c0fdf8f800",
  },
];

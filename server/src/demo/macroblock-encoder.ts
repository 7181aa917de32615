import { BitWriter } from "@millrace/media/bits";
import { NalType } from "@millrace/media/h264";
import { writeMacroblock } from "./macroblock.ts";
import { Mosaic } from "./mosaic.ts";
import { frameNumBits, writeNal } from "./parameter-sets.ts";

/** Table 7-6: these values say that all slices of the picture are P or I. */
const sliceTypeP = 5;
const sliceTypeI = 7;
const refIdcKey = 3;
const refIdcOther = 2;

export interface EncodedPicture {
  /** A NAL unit, without start code or length. */
  readonly nal: Uint8Array;
  readonly key: boolean;
}

/**
 * Encodes mosaics as H.264 constrained baseline without loss: a key frame codes every macroblock,
 * every other picture only those that changed. Use with the parameter sets of `demoVideoInfo`.
 */
export class MacroblockEncoder {
  readonly #reference: Mosaic;
  #frameNum = 0;
  #idrPicId = 0;
  #started = false;

  constructor(columns: number, rows: number) {
    this.#reference = new Mosaic(columns, rows);
  }

  /** What a decoder shows after the last picture, exactly. Changed by the next one. */
  get reconstruction(): Mosaic {
    return this.#reference;
  }

  /** One picture as one slice. The first one is a key frame whether `wantKey` or not. */
  encode(picture: Mosaic, wantKey: boolean): EncodedPicture {
    const idr = wantKey || !this.#started;
    const writer = new BitWriter();
    if (idr) this.#beginIdr(writer);
    else this.#beginP(writer);
    const count = picture.columns * picture.rows;
    if (idr) {
      for (let mb = 0; mb < count; mb++) writeMacroblock(writer, picture, mb, "I");
    } else this.#writeChanges(writer, picture, count);
    this.#reference.cells.set(picture.cells);
    this.#started = true;
    const nal = idr
      ? writeNal(refIdcKey, NalType.idr, writer)
      : writeNal(refIdcOther, NalType.slice, writer);
    return { nal, key: idr };
  }

  /** ITU-T H.264 section 7.3.4: runs of P_Skip between what changed. */
  #writeChanges(writer: BitWriter, picture: Mosaic, count: number): void {
    const { cells } = picture;
    const reference = this.#reference.cells;
    let skipped = 0;
    for (let mb = 0; mb < count; mb++) {
      if (cells[mb] === reference[mb]) {
        skipped++;
      } else {
        writer.ue(skipped); // mb_skip_run
        skipped = 0;
        writeMacroblock(writer, picture, mb, "P");
      }
    }
    if (skipped > 0) writer.ue(skipped);
  }

  /** ITU-T H.264 section 7.3.3 for an IDR picture. */
  #beginIdr(writer: BitWriter): void {
    this.#frameNum = 0;
    this.#idrPicId = 1 - this.#idrPicId;
    this.#beginSlice(writer, sliceTypeI);
    writer.ue(this.#idrPicId);
    writer.flag(false); // no_output_of_prior_pics_flag
    writer.flag(false); // long_term_reference_flag
    endSliceHeader(writer);
  }

  /** ITU-T H.264 section 7.3.3 for a picture that refers to the one before. */
  #beginP(writer: BitWriter): void {
    this.#frameNum = (this.#frameNum + 1) % 2 ** frameNumBits;
    this.#beginSlice(writer, sliceTypeP);
    writer.flag(false); // num_ref_idx_active_override_flag
    writer.flag(false); // ref_pic_list_modification_flag_l0
    writer.flag(false); // adaptive_ref_pic_marking_mode_flag
    endSliceHeader(writer);
  }

  #beginSlice(writer: BitWriter, sliceType: number): void {
    writer.ue(0); // first_mb_in_slice
    writer.ue(sliceType);
    writer.ue(0); // pic_parameter_set_id
    writer.bits(this.#frameNum, frameNumBits);
  }
}

function endSliceHeader(writer: BitWriter): void {
  writer.se(0); // slice_qp_delta
  writer.ue(1); // disable_deblocking_filter_idc: edges stay sharp and values exact
}

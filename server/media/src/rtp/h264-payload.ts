/** RFC 6184 table 1: payload structures of packetization modes 0 and 1. */
export const H264PayloadType = { stapA: 24, fuA: 28 } as const;

/** The highest NAL unit type that is a payload of its own. */
export const maxSingleNalType = 23;

/** RFC 6184 section 5.7.1. */
export const stapHeaderBytes = 1;
export const stapLengthBytes = 2;

/** RFC 6184 section 5.8: FU indicator and FU header. */
export const fuIndicatorBytes = 2;

/** Limits of all WebRTC sessions, publishers and viewers together. */
export interface SessionLimits {
  /** Sessions at once; the next is refused with `SESSIONS_FULL`. */
  readonly maxSessions: number;
  /** Longest offer, in UTF-16 units; a longer one is refused with `SDP_TOO_LARGE`. */
  readonly maxOfferLength: number;
  /** Candidates that one session may add; more are ignored. */
  readonly maxCandidates: number;
  /** Longest candidate line, in UTF-16 units; longer ones are ignored. */
  readonly maxCandidateLength: number;
}

export const defaultSessionLimits: SessionLimits = {
  maxSessions: 5000,
  maxOfferLength: 65_536,
  maxCandidates: 128,
  maxCandidateLength: 512,
};

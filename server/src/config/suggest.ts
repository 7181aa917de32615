/**
 * The candidate that was most likely meant by `given`, or undefined when none is near. Case and
 * punctuation do not count, and the last word alone is enough when only one candidate ends in it.
 */
export function suggest(given: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(given);
  if (wanted === "" || wanted.length > 100) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best !== undefined) return best;
  const endings = candidates.filter((candidate) => plain(candidate).endsWith(wanted));
  return endings.length === 1 ? endings[0] : undefined;
}

/** The end of an error's sentence: ` Did you mean x?`, or nothing. */
export function suggestion(given: string, candidates: readonly string[]): string {
  const found = suggest(given, candidates);
  return found === undefined ? "" : ` Did you mean ${found}?`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? a.length;
}

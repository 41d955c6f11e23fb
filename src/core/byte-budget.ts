/** A number of bytes that many users share; who gets none must do without, so nobody waits for anybody. */
export interface ByteBudget {
  /** Takes bytes out of what is left; false, and nothing taken, when that is too little. */
  take(bytes: number): boolean;
  /** Gives back what was taken. */
  giveBack(bytes: number): void;
}

/** Makes a {@link ByteBudget} of `total` bytes. */
export function makeByteBudget(total: number): ByteBudget {
  let left = total;
  return {
    take(bytes) {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    giveBack(bytes) {
      left += bytes;
    },
  };
}

/** A polling client comes back at once. One that has not for this long is gone, whatever its ping interval. */
export const GET_SILENCE_MS = 60_000;

/**
 * Does something while holding a lock word that other threads may want too. What is done is short and throws nothing but bugs;
 * the lock is given back all the same.
 */
export function locked<T>(cells: Int32Array, lock: number, body: () => T): T {
  while (Atomics.compareExchange(cells, lock, 0, 1) !== 0) {
    // Another PE's worker, or the client with input, is at the same device.
  }
  try {
    return body()
  } finally {
    Atomics.store(cells, lock, 0)
  }
}

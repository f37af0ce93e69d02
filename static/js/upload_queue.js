// Work done a few pieces at a time, in the order it came.

export class UploadQueue {
  #waiting = [];
  #running = 0;
  #lanes;

  /** @param {number} lanes how many at once */
  constructor(lanes) {
    this.#lanes = lanes;
  }

  /** @param {() => Promise<void>} job handles its own errors */
  add(job) {
    this.#waiting.push(job);
    this.#next();
  }

  #next() {
    if (this.#running >= this.#lanes || this.#waiting.length === 0) return;
    this.#running += 1;
    this.#waiting.shift()().finally(() => {
      this.#running -= 1;
      this.#next();
    });
  }
}

/** Deletions that are begun and not settled, over all projects: bounds memory and what is intended ahead, not requests. */
export class Room {
  readonly #mostBeginning: number;
  readonly #mostOpen: number;
  #beginning = 0;
  #open = 0;
  #waiting: (() => void)[] = [];

  constructor(most: { readonly beginning: number; readonly open: number }) {
    this.#mostBeginning = most.beginning;
    this.#mostOpen = most.open;
  }

  get isFull(): boolean {
    return this.#beginning >= this.#mostBeginning || this.#open >= this.#mostOpen;
  }

  get isEmpty(): boolean {
    return this.#open === 0;
  }

  /** `begun` is called once its first DELETE and the GET after it are over, or will not be sent; `ended` when it is settled. */
  enter(): { readonly begun: () => void; readonly ended: () => void } {
    this.#beginning += 1;
    this.#open += 1;
    let isBeginning = true;
    const begun = (): void => {
      if (isBeginning) this.#beginning -= 1;
      isBeginning = false;
      this.#wake();
    };
    return {
      begun,
      ended: () => {
        this.#open -= 1;
        begun();
      },
    };
  }

  /** Resolves when somebody has left. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

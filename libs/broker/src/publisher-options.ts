export interface PublisherOptions {
  exchange: string;
  /** How long the broker may go without confirming anything more while something is unconfirmed, in milliseconds. */
  confirmTimeoutMs: number;
}

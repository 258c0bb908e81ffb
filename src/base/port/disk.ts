/** The port that knows how much room is left: below the reserve nothing new is taken in, while reading and delivering go on. */
export interface Disk {
  readonly isLow: () => boolean;
}

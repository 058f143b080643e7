import { type Place, WORST } from './moments.ts';

/** Keeps the few worst places of a pass, worst first, the earlier index first among equals. */
export class WorstPlaces {
  readonly places: Place[] = [];
  /** Only errors above this can still enter: the one comparison that the hot loop pays for. */
  threshold = 0;

  add(at: number, error: number): void {
    const { places } = this;
    let slot = places.length;
    while (slot > 0 && (places[slot - 1] as Place).error < error) slot--;
    places.splice(slot, 0, { at, error });
    if (places.length > WORST) places.pop();
    if (places.length === WORST) this.threshold = (places[WORST - 1] as Place).error;
  }
}

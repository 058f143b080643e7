/** `480 MB`, `5.4 GB`: as disks are sold, in powers of ten. */
export const sizeWords = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes === 0 ? '–' : `${Math.max(1, Math.round(bytes / 1e6))} MB`;

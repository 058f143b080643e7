import { page } from './globals.ts';

/** Loads a script that leaves what it offers among the page's globals. */
export function loadScript(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = page.document.createElement('script');
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${address} could not be loaded`));
    script.src = address;
    page.document.head.append(script);
  });
}

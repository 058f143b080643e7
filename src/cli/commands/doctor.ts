import type { Command } from '../command.ts';

export const doctor: Command = {
  usage: 'doctor',
  describe: 'What this machine has, what is missing, and how to mend it',
  options: (y) => y.option('json', { type: 'boolean', describe: 'Print as JSON' }).example('$0 doctor', ''),
  async run(args) {
    const { examine } = await import('../../engine/doctor.ts');
    const checks = await examine();
    if (args.json === true) process.stdout.write(`${JSON.stringify(checks, null, 1)}\n`);
    else {
      for (const { ok, required, name, found, fix } of checks) {
        process.stdout.write(`${ok ? '✓' : required ? '✗' : '–'} ${name.padEnd(22)} ${found}\n`);
        if (!ok && fix !== undefined) process.stdout.write(`${' '.repeat(25)}${fix}\n`);
      }
    }
    return checks.every((c) => c.ok || !c.required) ? 0 : 3;
  },
};

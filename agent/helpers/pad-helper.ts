/**
 * Stands for a flow of Power Automate for desktop: hands the run URL to its console, which ends at once, and lives until the flow says
 * in the message file that it has ended (end), failed (error) or stopped at a checkpoint (stopped).
 */
export const padHelper = `'use strict';
const { spawn } = require('node:child_process');
const fs = require('node:fs');

const [host, url] = process.argv.slice(2);
const endings = { end: 0, stopped: 0, error: 1 };
let offset = 0;
let rest = Buffer.alloc(0);

function look() {
  let handle;
  try {
    handle = fs.openSync(process.env.ATTENDANT_MESSAGES, 'r');
  } catch {
    return;
  }
  const bytes = Buffer.alloc(65536);
  const read = fs.readSync(handle, bytes, 0, bytes.length, offset);
  fs.closeSync(handle);
  offset += read;
  const lines = Buffer.concat([rest, bytes.subarray(0, read)]).toString('latin1').split('\\n');
  rest = Buffer.from(lines.pop(), 'latin1');
  for (const line of lines) {
    try {
      const { type } = JSON.parse(line);
      if (type in endings) process.exit(endings[type]);
    } catch {
      // The agent tells of lines that cannot be read.
    }
  }
}

const child = spawn(host, [url], { stdio: 'inherit', windowsHide: true });
child.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.on('exit', (code) => {
  if (code) process.exit(code);
});
setInterval(look, 200);
`;

/**
 * The module `attendant` for desktop flows written for Node, `require` and `import` alike. Plain CommonJS with literal
 * exports, which Node also offers as named exports to ES modules. It works outside an agent too: then it only prints.
 */
export const nodeHelper = `'use strict';
const fs = require('node:fs');
const path = require('node:path');

const env = process.env;
const pipe = env.ATTENDANT_PIPE ? Number(env.ATTENDANT_PIPE) : undefined;

function say(message) {
  const line = JSON.stringify(message) + '\\n';
  if (pipe === undefined) return void process.stderr.write(line);
  let rest = Buffer.from(line);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(pipe, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

/** The run's inputs by name; an input of format "file" is a path. */
exports.inputs = env.ATTENDANT_INPUTS ? JSON.parse(fs.readFileSync(env.ATTENDANT_INPUTS, 'utf8')) : {};
/** Folder whose files are kept with the run. */
exports.artifacts = env.ATTENDANT_ARTIFACTS || process.cwd();
exports.artifact = (name) => path.join(exports.artifacts, name);
/** Tells what is done right now: { subflow, action, percent, message }. */
exports.progress = (progress) => say({ ...progress, type: 'progress' });
/** Sets one output. */
exports.output = (name, value) => say({ type: 'output', name, value });
/** Sets several outputs. */
exports.outputs = (values) => say({ type: 'outputs', values });
/** Ends the run as failed: { code, details } are optional. */
exports.fail = (message, options = {}) => {
  say({ ...options, type: 'error', message });
  process.exit(1);
};
/** Whether the run was asked to stop. */
exports.shouldStop = () => env.ATTENDANT_STOP !== undefined && fs.existsSync(env.ATTENDANT_STOP);
/** Ends here, with the outputs so far, when the run was asked to stop. Call it where stopping does no harm. */
exports.checkpoint = () => {
  if (!exports.shouldStop()) return;
  say({ type: 'stopped' });
  process.exit(0);
};
/** Calls back when the run is asked to end; afterwards end the process within the grace time. */
exports.onStop = (callback) => void process.once('SIGTERM', callback);
`;

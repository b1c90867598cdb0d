import { nodeHelper } from './node-helper';
import { padHelper } from './pad-helper';
import { powershellHelper } from './powershell-helper';
import { pythonHelper } from './python-helper';
import { robotHelper } from './robot-helper';

/**
 * What lies beside the unpacked packages for desktop flows to use, by path. Node finds `node_modules` in the parent of every package's
 * folder, Python gets `python` by PYTHONPATH, PowerShell `powershell` by PSModulePath.
 */
export const helperFiles: Readonly<Record<string, string>> = {
  'node_modules/attendant/index.js': nodeHelper,
  'node_modules/attendant/package.json': '{ "name": "attendant", "main": "index.js" }\n',
  'python/attendant.py': pythonHelper,
  'python/AttendantLibrary.py': robotHelper,
  'powershell/Attendant/Attendant.psm1': powershellHelper,
  'pad/run-pad.js': padHelper,
};

/** Folders of the helper files. */
export const helperFolders = [...new Set(Object.keys(helperFiles).map((name) => name.split('/')[0] ?? ''))];

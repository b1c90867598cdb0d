#!/usr/bin/env node
import { bridgeMain, inSessionMain } from './session/windows/bridge-main';

/*
 * Where the bundled agent begins (scripts/bundle-agent.mjs): one file that is the command line, the process of one run, and what starts that in
 * another session of Windows.
 */
switch (process.argv[2]) {
  case 'worker':
    void import('./worker.js');
    break;
  case 'session-bridge':
    void bridgeMain();
    break;
  case 'in-session':
    void inSessionMain();
    break;
  default:
    void import('./main.js');
}

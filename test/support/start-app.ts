import { AppRig, RegisteredFunctions } from './app-rig';

/**
 * Loads app.ts anew into a rig of its own and lets it work.
 * @param settings environment variables of the app.
 * @param prepare called before the app is loaded, with its modules thrown away.
 */
export function startApp(
  settings: Record<string, string> = {},
  prepare: (rig: AppRig) => void = () => undefined,
): AppRig {
  const functions = new RegisteredFunctions();
  return load(functions, new AppRig(functions, settings), prepare);
}

/** As `startApp`, on an engine that forgets episodes as `rig.forgets` says (local/durable/forgetful.ts). */
export function startForgetfulApp(): AppRig {
  const functions = new RegisteredFunctions();
  return load(functions, new AppRig(functions, {}, true));
}

function load(
  functions: RegisteredFunctions,
  rig: AppRig,
  prepare: (rig: AppRig) => void = () => undefined,
): AppRig {
  jest.resetModules();
  jest.doMock('@azure/functions-core', () => functions.core, { virtual: true });
  jest.doMock('../../adapters/ports-factory', () => ({ createPorts: () => rig.ports }));
  jest.doMock('../../adapters/instances', () => ({ instancesOf: () => rig.instances }));
  prepare(rig);
  jest.requireActual('../../app');
  rig.run();
  return rig;
}

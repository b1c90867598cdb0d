/**
 * Every error that a person or a program can meet, in one place. docs/errors.md lists the same codes (a test keeps them
 * equal). `message` is the default text; where a row fixes the exact words (C4, C5, F7, I1) they stand here.
 */
interface CatalogueEntry {
  /** HTTP status when the error answers a request; for run outcomes the status that the original system gives. */
  status: number;
  /** user: mend the request or the machine. transient: the same request may succeed later. system: our fault. */
  kind: 'user' | 'transient' | 'system';
  message: string;
  remedy: string;
  /** True for codes that Attendant adds to those of the system it follows. */
  ours: boolean;
}

const cannotCreateSession =
  'Windows 10 and 11: sign out every user session on the device, locked or unlocked. Windows Server: check that the device is not at its configured maximum of sessions.';

export const errorCatalogue = {
  // Run outcomes
  NoCandidateMachine: {
    status: 400,
    kind: 'transient',
    ours: false,
    message: 'No machine able to run the desktop flow has been found.',
    remedy:
      'Check that the machine is turned on, connected to the Internet and not in maintenance, then resubmit the run or raise its queue timeout.',
  },
  DesktopFlowsActionTimeout: {
    status: 400,
    kind: 'user',
    ours: false,
    message: 'The execution of the desktop flow action exceeded maximum duration.',
    remedy:
      'Raise the timeout of the action (ISO 8601 duration, for example PT36H) or find out in the run log where the desktop flow hangs.',
  },
  SessionNotFound: {
    status: 400,
    kind: 'transient',
    ours: false,
    message: 'The session in which the desktop flow ran was lost before the run ended.',
    remedy:
      'The agent or the machine restarted in mid-run. Check the state that the flow left behind, then resubmit the run.',
  },
  Win10AlreadyHasActiveSession: {
    status: 400,
    kind: 'user',
    ours: false,
    message:
      'Cannot execute desktop flow. There is a locked or an inactive Windows user session on the target device.',
    remedy: cannotCreateSession,
  },
  SessionExistsForTheUserWhenUnattended: {
    status: 400,
    kind: 'user',
    ours: false,
    message:
      'Cannot execute desktop flow. There is a locked or inactive Windows user session on the target device.',
    remedy: `Sign this user out of the device, or allow reusing Windows sessions on the machine. ${cannotCreateSession}`,
  },
  UnattendedUserSessionLocked: {
    status: 400,
    kind: 'user',
    ours: false,
    message: 'The user session of the unattended run is locked.',
    remedy: 'Sign the user out, or allow reusing Windows sessions on the machine.',
  },
  UnattendedUserSessionDisconnected: {
    status: 400,
    kind: 'user',
    ours: false,
    message: 'The user session of the unattended run is disconnected.',
    remedy: 'Sign the user out, or allow reusing Windows sessions on the machine.',
  },
  AttendedUserSessionNotActive: {
    status: 400,
    kind: 'user',
    ours: false,
    message: 'The session of the attended user is locked or disconnected.',
    remedy: 'Unlock the session on the device, then run again.',
  },
  AttendedUserNotLoggedIn: {
    status: 400,
    kind: 'user',
    ours: false,
    message: 'The user of the connection is not signed in on the device.',
    remedy: 'Sign in on the device with the user that the connection names.',
  },
  TooManyActiveSessions: {
    status: 400,
    kind: 'transient',
    ours: false,
    message: 'Cannot create new session. The device is at its maximum of user sessions.',
    remedy: cannotCreateSession,
  },
  SessionCreationError: {
    status: 400,
    kind: 'transient',
    ours: false,
    message: 'Cannot create new session.',
    remedy: cannotCreateSession,
  },
  SessionCreationInvalidCredentials: {
    status: 400,
    kind: 'user',
    ours: false,
    message: 'The device did not accept the user name or password of the connection.',
    remedy: 'Enter the credentials of the connection again and test it.',
  },
  UIFlowAlreadyRunning: {
    status: 429,
    kind: 'transient',
    ours: false,
    message: 'Another desktop flow is running on the device.',
    remedy: 'Wait until it ends; queued runs start by themselves.',
  },
  WindowsIdentityIncorrect: {
    status: 401,
    kind: 'user',
    ours: false,
    message: 'The account is not the one that the device expects.',
    remedy: 'Use the same work or school account for the gateway, the sign-in and the connection.',
  },
  NoListenerConnected: {
    status: 404,
    kind: 'transient',
    ours: false,
    message: 'No agent of this machine is connected.',
    remedy:
      'Check that the device is turned on and connected to the Internet and that the agent service is running.',
  },
  ConnectionTimeout: {
    status: 404,
    kind: 'transient',
    ours: false,
    message: 'The machine did not answer in time.',
    remedy: 'Check the network of the device, then try again.',
  },
  EndpointDoNotExist: {
    status: 404,
    kind: 'user',
    ours: false,
    message: 'The target of the connection does not exist.',
    remedy: 'Choose an existing machine, group or gateway in the connection.',
  },
  GroupIsEmpty: {
    status: 400,
    kind: 'user',
    ours: false,
    message: 'The machine group has no machine.',
    remedy: 'Add a machine to the group.',
  },
  UIFlowAgentNotAvailable: {
    status: 400,
    kind: 'transient',
    ours: false,
    message: 'The agent on the device is not available.',
    remedy: 'Restart the agent service on the device.',
  },
  OnPremiseDataGatewayNotAvailable: {
    status: 502,
    kind: 'transient',
    ours: false,
    message: 'The gateway is not available.',
    remedy: 'Check that the device is turned on and connected to the Internet.',
  },

  // Run outcomes that we add
  Cancelled: {
    status: 409,
    kind: 'user',
    ours: true,
    message: 'The run was cancelled.',
    remedy: 'Resubmit the run if it was cancelled by mistake.',
  },
  DesktopFlowFailed: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The desktop flow ended with an error.',
    remedy: 'Read the error and the last log lines of the run; correct the flow or its inputs; resubmit.',
  },
  DesktopFlowBadOutput: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The desktop flow returned outputs that do not fit its output schema.',
    remedy: 'Correct the outputs or the schema in desktop-flow.yaml.',
  },
  DesktopFlowTooLarge: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The desktop flow returned more than its outputs may hold.',
    remedy: 'Return large results as artifacts (files in the artifacts folder).',
  },
  RunnerNotAvailable: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The machine cannot run desktop flows of this kind.',
    remedy: 'Install the runner on the machine (see `attendant-agent doctor`) or choose another machine.',
  },
  ElevationNotAllowed: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'Desktop flows never run with elevated privileges.',
    remedy: 'Remove the request for elevation from the desktop flow.',
  },
  QueueFull: {
    status: 429,
    kind: 'transient',
    ours: true,
    message: 'The run queue of the target is full.',
    remedy:
      'Wait until runs have ended, raise the queue length of the target, or spread the load over more machines.',
  },

  // Answers to requests
  InvalidBody: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The body of the request is not valid.',
    remedy: 'Correct the fields that `errors` names.',
  },
  MalformedJson: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The body of the request is not JSON.',
    remedy: 'Send UTF-8 JSON with Content-Type: application/json.',
  },
  BodyTooLarge: {
    status: 413,
    kind: 'user',
    ours: true,
    message: 'The body of the request is over the limit.',
    remedy: 'Send large data as a file (POST /api/files) and pass the id of the file.',
  },
  InvalidInput: {
    status: 400,
    kind: 'user',
    ours: true,
    message: "The input does not fit the trigger's schema.",
    remedy: 'Correct the inputs that `errors` names; GET /api/flows/{flow} shows the schema.',
  },
  InvalidQuery: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'A query parameter is not valid.',
    remedy: 'Correct the parameters that `errors` names.',
  },
  InvalidDefinition: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The definition is not valid.',
    remedy: 'Correct the places that `errors` names.',
  },
  InvalidPackage: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The desktop-flow package is not valid.',
    remedy: 'Pack a folder that has a valid desktop-flow.yaml at its top.',
  },
  Unauthorized: {
    status: 401,
    kind: 'user',
    ours: true,
    message: 'The key or signature is missing or wrong.',
    remedy:
      'Send the key in the header x-functions-key; `attendant key` shows it on the computer that runs the host.',
  },
  Forbidden: {
    status: 403,
    kind: 'user',
    ours: true,
    message: 'This identity may not do that.',
    remedy: 'Ask an owner for the role that allows it.',
  },
  FlowNotFound: {
    status: 404,
    kind: 'user',
    ours: true,
    message: 'There is no cloud flow of this name.',
    remedy: '`attendant flows list` shows the flows that exist.',
  },
  DesktopFlowNotFound: {
    status: 404,
    kind: 'user',
    ours: true,
    message: 'There is no desktop flow of this name.',
    remedy: 'Publish it with `attendant desktop-flows publish <folder>`.',
  },
  RunNotFound: {
    status: 404,
    kind: 'user',
    ours: true,
    message: 'There is no run of this id.',
    remedy: '`attendant runs list` shows the runs that exist.',
  },
  MachineNotFound: {
    status: 404,
    kind: 'user',
    ours: true,
    message: 'There is no machine of this id.',
    remedy: '`attendant machines list` shows the machines that exist.',
  },
  ConnectionNotFound: {
    status: 404,
    kind: 'user',
    ours: true,
    message: 'There is no connection of this name.',
    remedy: '`attendant connections list` shows the connections that exist.',
  },
  FileNotFound: {
    status: 404,
    kind: 'user',
    ours: true,
    message: 'There is no file of this id.',
    remedy: 'Upload it with POST /api/files and use the id of the answer.',
  },
  RunAlreadyEnded: {
    status: 409,
    kind: 'user',
    ours: true,
    message: 'The run has already ended.',
    remedy: 'Nothing to do; resubmit the run to run it again.',
  },
  IdempotencyKeyReused: {
    status: 409,
    kind: 'user',
    ours: true,
    message: 'The idempotency key was used with another body.',
    remedy: 'Use a new key for a new request.',
  },
  AgentAlreadyRunning: {
    status: 409,
    kind: 'user',
    ours: true,
    message: 'Another agent with this identity is connected.',
    remedy: 'Run one agent per machine. Register the other computer under a name of its own.',
  },
  RegistrationTokenInvalid: {
    status: 401,
    kind: 'user',
    ours: true,
    message: 'The registration token is unknown, used or expired.',
    remedy: 'Make a new one with `attendant machines token`.',
  },
  MachineRevoked: {
    status: 403,
    kind: 'user',
    ours: true,
    message: 'The registration of this machine was revoked.',
    remedy: 'Register the machine again with a new token.',
  },
  UnsupportedOs: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'This operating system is not supported.',
    remedy: 'Supported: Windows 10, Windows 11, Windows Server 2016, 2019 and 2022, Linux.',
  },
  Conflict: {
    status: 409,
    kind: 'transient',
    ours: true,
    message: 'Somebody else changed this at the same time.',
    remedy: 'Read it again and repeat the change.',
  },
  Unavailable: {
    status: 503,
    kind: 'transient',
    ours: true,
    message: 'A service that Attendant needs does not answer.',
    remedy: 'Try again; if it goes on, look at the log of the host.',
  },
  Internal: {
    status: 500,
    kind: 'system',
    ours: true,
    message: 'Something went wrong inside Attendant.',
    remedy: 'Look at the log of the host under the given trace id and report it.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** How an error travels with a run, an event or an answer. */
export interface ErrorInfo {
  code: ErrorCode;
  message: string;
  /** Narrower reason, such as why a run that found no machine had waited (row F7). */
  subCode?: string | undefined;
  details?: string | undefined;
}

/** The catalogue's message for `code`, with `detail` appended where the case has more to say. */
export function errorInfo(
  code: ErrorCode,
  extra: { detail?: string; subCode?: string; details?: string } = {},
): ErrorInfo {
  const message = errorCatalogue[code].message;
  return {
    code,
    message: extra.detail ? `${message} ${extra.detail}` : message,
    ...(extra.subCode ? { subCode: extra.subCode } : {}),
    ...(extra.details ? { details: extra.details } : {}),
  };
}

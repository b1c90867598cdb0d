import type { CatalogueEntry } from './error-entry';

const cannotCreateSession =
  'Windows 10 and 11: sign out every user session on the device, locked or unlocked. Windows Server: check that the device is not at its configured maximum of sessions.';

/** Errors that a run can end with (features.md, "Error codes"). */
export const runErrors = {
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
  SessionCreationAccountLocked: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The account of the connection is locked, has expired or may not sign in on the device.',
    remedy:
      'Unlock or renew the account on the device (Linux: passwd -u, chage), or name another one in the connection.',
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
  FlowTerminated: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The flow ended itself with a Terminate action.',
    remedy:
      'The sub-code and the details are those that the flow gives; look at what led to its Terminate action.',
  },
  ActionFailed: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'An action inside failed and no other action was there to handle it.',
    remedy: 'Look at the actions inside: the details name the first that failed.',
  },
  ActionTimedOut: {
    status: 408,
    kind: 'transient',
    ours: true,
    message: 'The action took longer than its limit.',
    remedy: 'Raise limit.timeout of the action, or make what it waits for quicker.',
  },
  ValueTooLarge: {
    status: 413,
    kind: 'user',
    ours: true,
    message: 'The inputs or outputs of the action are too large.',
    remedy: 'Pass large data as files; an action holds 1,000,000 characters of JSON.',
  },
  InvalidParameters: {
    status: 400,
    kind: 'user',
    ours: true,
    message: "The values of the flow's parameters do not fit.",
    remedy: 'Give values of the types and from the lists that the definition states.',
  },
  HttpAddressNotAllowed: {
    status: 403,
    kind: 'user',
    ours: true,
    message: 'The HTTP action may not reach this address.',
    remedy:
      'Addresses inside the own network are refused; the setting ATTENDANT_ALLOWED_NETWORKS lists networks that may be reached, also without TLS.',
  },
  HttpRequestFailed: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The HTTP request was refused.',
    remedy: 'The sub-code is the status of the answer; correct the request that the action sends.',
  },
  HttpNotAvailable: {
    status: 502,
    kind: 'transient',
    ours: true,
    message: 'The HTTP request got no answer, or one that asks to try again.',
    remedy: 'Check that the server answers; give the action a longer limit or more retries.',
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
  ExpressionFailed: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'An expression of the flow cannot be evaluated.',
    remedy:
      'The details name the expression and the place in it; docs/expressions.md lists the functions and what they take.',
  },
  ExpressionLimitExceeded: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'An expression of the flow is too long, too deep or makes too much.',
    remedy:
      'Split it over several actions, or pass large data as files. docs/expressions.md names the limits.',
  },
  LoopLimitReached: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The loop reached its limit before its expression was true.',
    remedy:
      'The details name the limit; raise it (limit.count, limit.timeout), or find out in the rounds why the expression did not become true.',
  },
  DataOperationFailed: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The action cannot work on what it was given.',
    remedy:
      'The details name the input and what it is; correct what it is made of. docs/flows.md says what the action takes.',
  },
  SchemaValidationFailed: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The content does not fit the schema of the action.',
    remedy:
      'The details name the first place that does not fit; correct the content, or the schema where it asks for too much.',
  },
  DesktopFlowLimitExceeded: {
    status: 400,
    kind: 'user',
    ours: true,
    message: 'The desktop flow took more of the machine than a run may have.',
    remedy: 'Read what it exceeded; correct the flow, for example a loop that starts programs without end.',
  },
  MachineDiskFull: {
    status: 400,
    kind: 'transient',
    ours: true,
    message: 'The disk of the machine is full.',
    remedy: 'Free space where the agent keeps its data, then resubmit the run.',
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
  SessionReuseNotPossible: {
    status: 409,
    kind: 'user',
    ours: true,
    message: 'Windows sessions cannot be reused on a machine where a user may hold several sessions.',
    remedy:
      'Restrict users to a single session on the device, or turn off reusing Windows sessions on the machine or group.',
  },
  QueueFull: {
    status: 429,
    kind: 'transient',
    ours: true,
    message: 'The run queue of the target is full.',
    remedy:
      'Wait until runs have ended, raise the queue length of the target, or spread the load over more machines.',
  },
} as const satisfies Record<string, CatalogueEntry>;

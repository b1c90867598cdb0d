/** Path of the public management API, as on the real host. */
export const WEBHOOK_PATH = '/runtime/webhooks/durabletask';

export interface HubInfo {
  /** host.json `extensions.durableTask.hubName`. */
  hub: string;
  /** What the links call the storage connection. */
  connection: string;
  /** The system key: every link carries it. */
  key: string;
}

/** .NET's WebUtility.UrlEncode, which the links use. */
function urlEncode(text: string): string {
  return encodeURIComponent(text).replace(/%20|[~']/g, (char) => {
    if (char === '%20') return '+';
    return char === '~' ? '%7E' : '%27';
  });
}

/**
 * The links to one instance, in the key order of the extension.
 * @param options.rewind the client binding has `rewindPostUri`, the webhook's own answers have not.
 */
export function managementLinks(options: {
  origin: string;
  instanceId: string;
  info: HubInfo;
  rewind: boolean;
}): Record<string, string> {
  const { origin, instanceId, info, rewind } = options;
  const base = `${origin}${WEBHOOK_PATH}/instances/${urlEncode(instanceId)}`;
  const query = `taskHub=${urlEncode(info.hub)}&connection=${urlEncode(info.connection)}&code=${info.key}`;
  return {
    id: instanceId,
    statusQueryGetUri: `${base}?${query}`,
    sendEventPostUri: `${base}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${base}/terminate?reason={text}&${query}`,
    ...(rewind && { rewindPostUri: `${base}/rewind?reason={text}&${query}` }),
    purgeHistoryDeleteUri: `${base}?${query}`,
    restartPostUri: `${base}/restart?${query}`,
    suspendPostUri: `${base}/suspend?reason={text}&${query}`,
    resumePostUri: `${base}/resume?reason={text}&${query}`,
  };
}

/** The JSON text that a durableClient binding receives. */
export function durableClientInput(options: {
  origin: string;
  rpcBaseUrl: string;
  info: HubInfo;
  binding: Record<string, unknown>;
}): string {
  const { origin, rpcBaseUrl, info, binding } = options;
  const hub = typeof binding['taskHub'] === 'string' ? binding['taskHub'] : info.hub;
  const connection = typeof binding['connectionName'] === 'string' ? binding['connectionName'] : null;
  const create = `${origin}${WEBHOOK_PATH}/orchestrators/{functionName}[/{instanceId}]`;
  return JSON.stringify({
    taskHubName: hub,
    connectionName: connection,
    creationUrls: {
      createNewInstancePostUri: `${create}?code=${info.key}`,
      createAndWaitOnNewInstancePostUri: `${create}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&code=${info.key}`,
    },
    managementUrls: managementLinks({
      origin,
      instanceId: 'INSTANCEID',
      info: { ...info, hub, connection: connection ?? info.connection },
      rewind: true,
    }),
    baseUrl: `${origin}${WEBHOOK_PATH}`,
    requiredQueryStringParameters: `code=${info.key}`,
    rpcBaseUrl,
    httpBaseUrl: null,
    maxGrpcMessageSizeInBytes: null,
    grpcHttpClientTimeout: null,
  });
}

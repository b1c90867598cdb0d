/** What a sample of Azure/azure-functions-durable-js needs besides a host; undefined when it needs nothing. */
export interface Sample {
  name: string;
  /** Without extension, in `functions/`. */
  file: string;
  needs?: string;
}

/** The samples of the branch v3.x: the same functions in JavaScript (samples-js) and TypeScript (samples-ts). */
export const SAMPLES: readonly Sample[] = [
  { name: 'httpStart', file: 'httpStart' },
  { name: 'httpSyncStart', file: 'httpSyncStart' },
  { name: 'helloSequence', file: 'sayHello' },
  { name: 'sayHelloWithActivity', file: 'sayHello' },
  { name: 'sayHelloWithCustomStatus', file: 'sayHello' },
  { name: 'sayHelloWithSubOrchestrator', file: 'sayHello' },
  { name: 'callActivityWithRetry', file: 'callActivityWithRetry' },
  { name: 'callSubOrchestratorWithRetry', file: 'callSubOrchestratorWithRetry' },
  { name: 'cancelTimer', file: 'cancelTimer' },
  { name: 'continueAsNewCounter', file: 'continueAsNewCounter' },
  { name: 'counterOrchestration', file: 'counter' },
  { name: 'backupSiteContent', file: 'backupSiteContent', needs: 'Azure Blob Storage' },
  { name: 'listAzureSubscriptions', file: 'listAzureSubscriptions', needs: 'Azure Resource Manager' },
  { name: 'smsPhoneVerification', file: 'smsPhoneVerification', needs: 'Twilio' },
  { name: 'weatherMonitor', file: 'weatherMonitor', needs: 'OpenWeatherMap and Twilio' },
];

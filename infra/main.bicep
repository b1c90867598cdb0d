// Everything that Attendant needs on Azure, in one resource group: `azd up`.
targetScope = 'subscription'

@description('Name of the environment: names the resource group and, hashed, every resource.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of all resources. It must offer the Flex Consumption plan.')
@minLength(1)
param location string

@description('Node.js version of the app.')
@allowed(['22', '24'])
param nodeVersion string = '22'

@description('Instances of the orchestrations and entities that are always warm. 0: none, and a first run after a pause waits for a cold start.')
@minValue(0)
@maxValue(10)
param alwaysReadyInstances int = 0

@description('Most instances of the app.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('Client id of the Entra ID app registration with which people sign in. Empty: function keys only.')
param entraClientId string = ''

@description('Keep deleted secrets and the vault itself for 90 days against everyone. It cannot be switched off again.')
param keepDeletedSecrets bool = true

@description('Days that logs and telemetry are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Make an Event Grid topic and subscribe the app to it. The function has to be there: set it after the first deployment.')
param eventGrid bool = false

@description('The data key that is in the vault already, or anything shorter than 32 characters for a new one.')
@secure()
param dataKey string = ''

@description('What a new data key is made of.')
@secure()
param freshKey string = newGuid()

@description('Object id of whoever deploys, who may then read the data key again. Empty: nobody.')
param principalId string = ''

var tags = { 'azd-env-name': environmentName }
var token = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: 'id-${token}', location: location, tags: tags }
}

module logs 'modules/log-analytics.bicep' = {
  scope: group
  params: { name: 'log-${token}', location: location, tags: tags, retentionDays: logRetentionDays }
}

module insights 'modules/application-insights.bicep' = {
  scope: group
  params: { name: 'appi-${token}', location: location, tags: tags, workspaceId: logs.outputs.id }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: { name: 'st${token}', location: location, tags: tags }
}

module serviceBus 'modules/service-bus.bicep' = {
  scope: group
  params: { name: 'sb-${token}', location: location, tags: tags }
}

module vault 'modules/key-vault.bicep' = {
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    keepDeletedSecrets: keepDeletedSecrets
    dataKey: dataKey
    freshKey: freshKey
  }
}

module machineQueuesRole 'modules/machine-queues-role.bicep' = {
  scope: group
}

// Before the app, so that it finds its rights when it starts for the first time.
module roles 'modules/role-assignments.bicep' = {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    serviceBusName: serviceBus.outputs.name
    eventsQueueName: serviceBus.outputs.eventsQueueName
    flowEventsQueueName: serviceBus.outputs.flowEventsQueueName
    flowTopicName: serviceBus.outputs.flowTopicName
    vaultName: vault.outputs.name
    insightsName: insights.outputs.name
    machineQueuesRoleId: machineQueuesRole.outputs.id
    dataKeySecretName: vault.outputs.dataKeySecretName
    deployerId: principalId
  }
}

module plan 'modules/plan.bicep' = {
  scope: group
  params: { name: 'plan-${token}', location: location, tags: tags }
}

module app 'modules/function-app.bicep' = {
  scope: group
  params: {
    name: 'func-${token}'
    location: location
    tags: union(tags, { 'azd-service-name': 'app' })
    planId: plan.outputs.id
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    nodeVersion: nodeVersion
    alwaysReadyInstances: alwaysReadyInstances
    maximumInstances: maximumInstances
    storageName: storage.outputs.name
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    serviceBusId: serviceBus.outputs.id
    serviceBusHost: serviceBus.outputs.host
    vaultUrl: vault.outputs.url
    dataKeySecretName: vault.outputs.dataKeySecretName
    flowEventsQueueName: serviceBus.outputs.flowEventsQueueName
    flowTopicName: serviceBus.outputs.flowTopicName
    flowSubscriptionName: serviceBus.outputs.flowSubscriptionName
    insightsConnectionString: insights.outputs.connectionString
    entraClientId: entraClientId
  }
  dependsOn: [roles]
}

module events 'modules/event-grid.bicep' = if (eventGrid) {
  scope: group
  params: { name: 'evgt-${token}', location: location, tags: tags, appName: app.outputs.name }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output ATTENDANT_APP_NAME string = app.outputs.name
output ATTENDANT_URL string = app.outputs.url
output ATTENDANT_SERVICE_BUS_HOST string = serviceBus.outputs.host
output ATTENDANT_EVENT_GRID_ENDPOINT string = events.?outputs.endpoint ?? ''

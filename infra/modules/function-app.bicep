param name string
param location string
param tags object
param planId string
param identityId string
param identityClientId string
param nodeVersion string
param alwaysReadyInstances int
param maximumInstances int
param storageName string
param deploymentContainerUrl string
param serviceBusId string
param serviceBusHost string
param vaultUrl string
param dataKeySecretName string
param flowEventsQueueName string
param flowTopicName string
param flowSubscriptionName string
param insightsConnectionString string
param entraClientId string

// The names are those of local.settings.sample.json, in the form for identities: `<connection>__<what>`.
var settings = {
  AzureWebJobsStorage__accountName: storageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  ServiceBusConnection__fullyQualifiedNamespace: serviceBusHost
  ServiceBusConnection__credential: 'managedidentity'
  ServiceBusConnection__clientId: identityClientId
  // For the clients of the Azure SDK inside the app.
  AZURE_CLIENT_ID: identityClientId
  ATTENDANT_SERVICE_BUS_RESOURCE_ID: serviceBusId
  ATTENDANT_KEY_VAULT_URL: vaultUrl
  ATTENDANT_DATA_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUrl}secrets/${dataKeySecretName})'
  ATTENDANT_EVENT_QUEUE: flowEventsQueueName
  ATTENDANT_EVENT_TOPIC: flowTopicName
  ATTENDANT_EVENT_SUBSCRIPTION: flowSubscriptionName
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

// With the first, sign-in proves the app registration by the managed identity instead of by a client secret. The second has the app believe the
// header that says who has signed in: never where sign-in is off, as anybody could write it there.
var signInSettings = {
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
  ATTENDANT_EASY_AUTH: 'true'
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: planId
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyInstances == 0 ? [] : [{ name: 'durable', instanceCount: alwaysReadyInstances }]
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, empty(entraClientId) ? {} : signInSettings)
  }

  // Whoever is not signed in passes: agents and sources of events come with their own keys. The app refuses all others.
  resource signIn 'config' = if (!empty(entraClientId)) {
    name: 'authsettingsV2'
    dependsOn: [appSettings]
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: false
        unauthenticatedClientAction: 'AllowAnonymous'
      }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: entraClientId
            clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: {
            allowedAudiences: [entraClientId, 'api://${entraClientId}']
          }
        }
      }
      login: { tokenStore: { enabled: false } }
      httpSettings: { requireHttps: true }
    }
  }

  // No publishing with user name and password.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'

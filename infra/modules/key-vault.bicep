// Credentials of connections and the keys that sign outgoing events. Rights by role, not by access policy.
param name string
param location string
param tags object
param keepDeletedSecrets bool

@description('The key that secured data is sealed by, as the vault has it; anything shorter than 32 characters becomes a part of a new one.')
@secure()
param dataKey string

@secure()
param freshKey string

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    // `false` is refused by the service; leaving it out keeps purging possible.
    enablePurgeProtection: keepDeletedSecrets ? true : null
  }
}

// Shorter: this is the first deployment (azd makes up 15 characters). It must stay: what it has sealed, no other key opens.
resource dataKeySecret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'attendant-data-key'
  properties: { value: length(dataKey) < 32 ? '${dataKey}${freshKey}' : dataKey }
}

output name string = vault.name
output url string = vault.properties.vaultUri
output dataKeySecretName string = dataKeySecret.name

// Credentials of connections and the keys that sign outgoing events. Rights by role, not by access policy.
param name string
param location string
param tags object
param keepDeletedSecrets bool

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

output name string = vault.name
output url string = vault.properties.vaultUri

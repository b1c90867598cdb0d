import { z } from 'zod';
import { machineId, resourceName } from './ids';

/*
 * GET    /api/gateways                    gatewayList
 * GET    /api/gateways/{name}             gatewayView
 * PUT    /api/gateways/{name}             gatewayBody → gatewayView (row B5)
 * DELETE /api/gateways/{name}             204
 * GET    /api/gateway-clusters            clusterList
 * GET    /api/gateway-clusters/{name}     clusterView (rows B6, B7, B8)
 * PUT    /api/gateway-clusters/{name}     clusterBody → clusterView
 * DELETE /api/gateway-clusters/{name}     204
 */

/** Row B5: a name for a machine. */
export const gatewayBody = z.strictObject({
  machine: machineId,
  /** Row B4. */
  account: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('Account that registered the gateway; connections over it must use the same one.'),
  cluster: resourceName.optional(),
  /** Row B8. */
  enabled: z.boolean().default(true).describe('A disabled member gets no runs.'),
});

export const gatewayView = z.object({
  ...gatewayBody.shape,
  name: resourceName,
  enabled: z.boolean(),
  online: z.boolean(),
});
export type GatewayView = z.infer<typeof gatewayView>;
export const gatewayList = z.object({ gateways: z.array(gatewayView) });
export type GatewayList = z.infer<typeof gatewayList>;

export const clusterBody = z.strictObject({
  /** Rows B6, B7. */
  runOnAll: z
    .boolean()
    .default(false)
    .describe('Runs are spread evenly over the members; off: each takes a random one.'),
});

export const clusterView = z.object({
  name: resourceName,
  runOnAll: z.boolean(),
  members: z.array(gatewayView),
  warnings: z.array(z.string()).describe('Members that are offline, and what follows from that.'),
});
export type ClusterView = z.infer<typeof clusterView>;
export const clusterList = z.object({ clusters: z.array(clusterView) });
export type ClusterList = z.infer<typeof clusterList>;

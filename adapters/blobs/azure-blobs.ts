import { buffer } from 'node:stream/consumers';
import type { ContainerClient } from '@azure/storage-blob';
import type { Blobs } from '../ports';
import { statusOf } from '../tables/table';

/** Blobs in one container of the app's storage account, created when it is first used. */
export class AzureBlobs implements Blobs {
  private ready: Promise<ContainerClient> | undefined;

  constructor(private readonly open: () => Promise<ContainerClient>) {}

  async put(key: string, content: Uint8Array): Promise<void> {
    await (await this.container()).getBlockBlobClient(key).uploadData(Buffer.from(content));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      const answer = await (await this.container()).getBlobClient(key).download();
      return answer.readableStreamBody ? await buffer(answer.readableStreamBody) : new Uint8Array();
    } catch (cause) {
      if (statusOf(cause) === 404) return undefined;
      throw cause;
    }
  }

  async append(key: string, content: Uint8Array): Promise<void> {
    const blob = (await this.container()).getAppendBlobClient(key);
    try {
      await blob.appendBlock(content, content.byteLength);
    } catch (cause) {
      if (statusOf(cause) !== 404) throw cause;
      await blob.createIfNotExists();
      await blob.appendBlock(content, content.byteLength);
    }
  }

  async list(prefix: string): Promise<{ key: string; bytes: number }[]> {
    const found: { key: string; bytes: number }[] = [];
    for await (const blob of (await this.container()).listBlobsFlat({ prefix })) {
      found.push({ key: blob.name, bytes: blob.properties.contentLength ?? 0 });
    }
    return found;
  }

  async removeAll(folder: string): Promise<void> {
    const container = await this.container();
    for await (const { name } of container.listBlobsFlat({ prefix: folder })) {
      await container.getBlobClient(name).deleteIfExists();
    }
  }

  private async container(): Promise<ContainerClient> {
    this.ready ??= this.create();
    return this.ready;
  }

  private async create(): Promise<ContainerClient> {
    try {
      const container = await this.open();
      await container.createIfNotExists();
      return container;
    } catch (cause) {
      this.ready = undefined;
      throw cause;
    }
  }
}

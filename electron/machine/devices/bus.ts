/** A device on the board: registers at a physical address. Offsets are bytes from its base. */
export interface Device {
  name: string
  base: number
  size: number
  read(offset: number, bytes: number): bigint
  write(offset: number, bytes: number, value: bigint): void
}

/** Routes accesses outside RAM. Where nothing answers, the access is a synchronous external abort. */
export class Bus {
  private readonly devices: readonly Device[]

  constructor(devices: readonly Device[]) {
    this.devices = devices
  }

  private at(physical: number): Device | undefined {
    return this.devices.find((d) => physical >= d.base && physical < d.base + d.size)
  }

  read(physical: number, bytes: number): bigint | null {
    const device = this.at(physical)
    return device ? device.read(physical - device.base, bytes) : null
  }

  write(physical: number, bytes: number, value: bigint): boolean {
    const device = this.at(physical)
    device?.write(physical - device.base, bytes, value)
    return device !== undefined
  }
}

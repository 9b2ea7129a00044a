/** A device on the board: registers at a physical address. Offsets are bytes from its base. */
export interface Device {
  name: string
  base: number
  size: number
  /** Its registers are 32 bits wide: a wider access is made of several, in ascending order. Absent: it takes any size. */
  narrow?: true
  /** @returns the value; the bus drops what is wider than the access */
  read(offset: number, bytes: number): bigint
  write(offset: number, bytes: number, value: bigint): void
}

const REGISTER = 4

/** Routes accesses outside RAM. Where nothing answers, the access is a synchronous external abort. */
export class Bus {
  private readonly devices: readonly Device[]

  constructor(devices: readonly Device[]) {
    this.devices = devices
  }

  private at(physical: number): Device | undefined {
    return this.devices.find((d) => physical >= d.base && physical < d.base + d.size)
  }

  /** @returns null where nothing answers, at the first byte or at a later register of a wide access */
  read(physical: number, bytes: number): bigint | null {
    const device = this.at(physical)
    if (!device) return null
    const whole = device.narrow && bytes > REGISTER ? REGISTER : bytes
    const low = BigInt.asUintN(whole * 8, device.read(physical - device.base, whole))
    if (whole === bytes) return low
    const high = this.read(physical + whole, bytes - whole)
    return high === null ? null : low | (high << BigInt(whole * 8))
  }

  /** @returns false where nothing answers; registers before that place are written */
  write(physical: number, bytes: number, value: bigint): boolean {
    const device = this.at(physical)
    if (!device) return false
    const whole = device.narrow && bytes > REGISTER ? REGISTER : bytes
    device.write(physical - device.base, whole, BigInt.asUintN(whole * 8, value))
    return whole === bytes || this.write(physical + whole, bytes - whole, value >> BigInt(whole * 8))
  }
}

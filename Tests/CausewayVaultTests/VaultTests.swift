import CausewayCore
import CausewayVault
import Testing

@Suite struct VaultTests {
    let vault: Vault
    let context = SealContext(shard: ShardID(high: 1, low: 2), name: "password")
    let secret = Secret("correct horse battery staple")

    init() throws { vault = Vault(try MasterKey.make()) }

    @Test("what is sealed opens", arguments: [0, 1, 31, 1_024, Vault.greatestSecret])
    func roundTrip(count: Int) throws {
        let secret = Secret((0..<count).map { UInt8(truncatingIfNeeded: $0) })
        #expect(try vault.open(vault.seal(secret, context), context).matches(secret))
    }

    @Test func whatIsTooLongIsRefused() throws {
        let error = #expect(throws: CausewayError.self) {
            try vault.seal(Secret([UInt8](repeating: 0, count: Vault.greatestSecret + 1)), context)
        }
        #expect(error?.reason == "SECRET_TOO_LONG")
    }

    @Test(
        "a sealed value opens only where it belongs",
        arguments: [
            SealContext(shard: ShardID(high: 1, low: 3), name: "password"),
            SealContext(shard: ShardID(high: 3, low: 2), name: "password"),
            SealContext(shard: .system, name: "password"),
            SealContext(shard: ShardID(high: 1, low: 2), name: "passwor"),
            SealContext(shard: ShardID(high: 1, low: 2), name: "password "),
            SealContext(shard: ShardID(high: 1, low: 2), name: ""),
        ])
    func moved(elsewhere: SealContext) throws {
        let sealed = try vault.seal(secret, context)
        let error = #expect(throws: CausewayError.self) { try vault.open(sealed, elsewhere) }
        #expect(error?.reason == "SEALED_VALUE_DAMAGED" && error?.code == .dataLoss)
    }

    @Test func everyBitCounts() throws {
        let sealed = try vault.seal(secret, context)
        for index in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << UInt8(bit)
                #expect(throws: CausewayError.self) { try vault.open(changed, context) }
            }
        }
    }

    @Test func everyLengthCounts() throws {
        let sealed = try vault.seal(secret, context)
        for count in 0..<sealed.count {
            #expect(throws: CausewayError.self) { try vault.open(Array(sealed[..<count]), context) }
        }
        #expect(throws: CausewayError.self) { try vault.open(sealed + [0], context) }
    }

    @Test func anotherKeyIsToldFromDamage() throws {
        let other = Vault(try MasterKey.make())
        let error = #expect(throws: CausewayError.self) { try other.open(vault.seal(secret, context), context) }
        #expect(error?.reason == "MASTER_KEY_WRONG" && error?.code == .failedPrecondition)
        #expect(error?.metadata["expected"] == vault.keyID.description)
        #expect(error?.metadata["found"] == other.keyID.description)
    }

    @Test func noncesAreFresh() throws {
        let empty = Secret([UInt8]())
        var nonces: Set<[UInt8]> = []
        for _ in 0..<100_000 { nonces.insert(Array(try vault.seal(empty, context)[9..<21])) }
        #expect(nonces.count == 100_000)
    }

    @Test func sealedBytesHoldNothingOfTheSecret() throws {
        let sealed = try vault.seal(secret, context)
        let plain = Array("correct horse battery staple".utf8)
        for start in 0...plain.count - 4 {
            #expect(!sealed.contains(Array(plain[start..<start + 4])))
        }
    }

    @Test func resealingMovesToTheOtherKey() throws {
        let next = Vault(try MasterKey.make())
        let moved = try vault.reseal(vault.seal(secret, context), context, for: next)
        #expect(try next.open(moved, context).matches(secret))
        #expect(throws: CausewayError.self) { try vault.open(moved, context) }
    }

    @Test func errorsNeverShowTheSecret() throws {
        var sealed = try vault.seal(secret, context)
        sealed[sealed.count - 1] ^= 1
        let error = #expect(throws: CausewayError.self) { try vault.open(sealed, context) }
        #expect(!String(reflecting: error).contains("horse"))
        #expect(!String(reflecting: vault).contains("horse"))
    }

    @Test func theFormatIsPinned() throws {
        // Version, key id, nonce, ciphertext and tag of a fixed key and fixed "random" bytes.
        let counting = RandomBytes { (buffer: UnsafeMutableRawBufferPointer) throws(CausewayError) in
            for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: index) }
        }
        let vault = Vault(try MasterKey(Secret((0..<32).map { UInt8($0) })), random: counting)
        let sealed = try vault.seal(Secret("abc"), SealContext(shard: ShardID(high: 1, low: 2), name: "password"))
        #expect(sealed.count == 1 + 8 + 12 + 3 + 16)
        #expect(sealed[0] == 1)
        #expect(Array(sealed[9..<21]) == Array(0..<12))
        #expect(hexadecimal(sealed) == pinned)
    }

    private let pinned = "019b550177631d8b46000102030405060708090a0bbf21f5f0cf426dd1462328f0da95e27be734e7"
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

import CausewayCore
import CausewayVault
import Glibc
import Testing

@Suite struct MasterKeySourceTests {
    private let first = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private let second = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private func find(_ environment: [String: String], _ folder: String) -> MasterKeySource {
        .find(environment: environment, defaultPath: "\(folder)/key")
    }

    private func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        #expect(
            Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == text.utf8.count)
        close(descriptor)
    }

    @Test func theFirstStartMakesAKeyAndLaterOnesUseIt() throws {
        try withFolder { folder in
            let opened = try find([:], folder).open(checkValue: nil, holdsSealedValues: false)
            let check = try #require(opened.newCheckValue)
            let again = try find([:], folder).open(checkValue: check, holdsSealedValues: true)
            #expect(again.vault.keyID == opened.vault.keyID && again.newCheckValue == nil && again.rotateTo == nil)
        }
    }

    @Test func aCrashBetweenTheKeyAndItsCheckValueIsHarmless() throws {
        try withFolder { folder in
            let opened = try find([:], folder).open(checkValue: nil, holdsSealedValues: false)
            let again = try find([:], folder).open(checkValue: nil, holdsSealedValues: false)
            #expect(again.vault.keyID == opened.vault.keyID)
            #expect(try opened.vault.accepts(#require(again.newCheckValue)))
        }
    }

    @Test func aMissingKeyIsNeverReplacedByANewOne() throws {
        try withFolder { folder in
            let check = try Vault(MasterKey.make()).makeCheckValue()
            let error = #expect(throws: CausewayError.self) {
                try find([:], folder).open(checkValue: check, holdsSealedValues: false)
            }
            #expect(error?.reason == "MASTER_KEY_MISSING")
            #expect(names(in: folder).isEmpty)
        }
    }

    @Test func sealedValuesWithoutACheckValueAreNotOpened() throws {
        try withFolder { folder in
            let error = #expect(throws: CausewayError.self) {
                try find([:], folder).open(checkValue: nil, holdsSealedValues: true)
            }
            #expect(error?.code == .dataLoss)
            #expect(names(in: folder).isEmpty)
        }
    }

    @Test func aWrongKeyIsRefusedAndStays() throws {
        try withFolder { folder in
            let opened = try find([:], folder).open(checkValue: nil, holdsSealedValues: false)
            let other = Vault(try MasterKey.make())
            let error = #expect(throws: CausewayError.self) {
                try find([:], folder).open(checkValue: other.makeCheckValue(), holdsSealedValues: true)
            }
            #expect(error?.reason == "MASTER_KEY_WRONG")
            #expect(error?.metadata["found"] == opened.vault.keyID.description)
            #expect(names(in: folder) == ["key"])
        }
    }

    @Test func aDamagedCheckValueIsRefused() throws {
        try withFolder { folder in
            var check = try #require(
                try find([:], folder).open(checkValue: nil, holdsSealedValues: false).newCheckValue)
            check[check.count - 1] ^= 1
            #expect(throws: CausewayError.self) {
                try find([:], folder).open(checkValue: check, holdsSealedValues: true)
            }
            #expect(throws: CausewayError.self) { try find([:], folder).open(checkValue: [], holdsSealedValues: true) }
        }
    }

    @Test func credentialsComeBeforeVariablesAndVariablesBeforeFiles() throws {
        try withFolder { folder in
            write(first, to: "\(folder)/master-key")
            let environment = ["CREDENTIALS_DIRECTORY": folder, "CAUSEWAY_MASTER_KEY": second]
            let credential = try find(environment, folder).open(checkValue: nil, holdsSealedValues: false)
            #expect(try credential.vault.keyID == MasterKey(text: Secret(first)).id)
            // A service without that credential goes on to the next source.
            let variable = try find(["CREDENTIALS_DIRECTORY": "/nonexistent", "CAUSEWAY_MASTER_KEY": second], folder)
                .open(checkValue: nil, holdsSealedValues: false)
            #expect(try variable.vault.keyID == MasterKey(text: Secret(second)).id)
            let named = try find(["CAUSEWAY_MASTER_KEY_FILE": "\(folder)/master-key"], folder)
                .open(checkValue: nil, holdsSealedValues: false)
            #expect(named.vault.keyID == credential.vault.keyID)
            // A file that somebody names is expected to be there.
            let missing = #expect(throws: CausewayError.self) {
                try find(["CAUSEWAY_MASTER_KEY_FILE": "\(folder)/none"], folder)
                    .open(checkValue: nil, holdsSealedValues: false)
            }
            #expect(missing?.reason == "MASTER_KEY_MISSING")
            #expect(names(in: folder) == ["master-key"])
        }
    }

    @Test func aNewVariableWithThePreviousOneAsksForARotation() throws {
        try withFolder { folder in
            let old = Vault(try MasterKey(text: Secret(first)))
            let source = find(["CAUSEWAY_MASTER_KEY": second, "CAUSEWAY_MASTER_KEY_PREVIOUS": first], folder)
            let opened = try source.open(checkValue: old.makeCheckValue(), holdsSealedValues: true)
            #expect(opened.vault.keyID == old.keyID)
            let next = try #require(opened.rotateTo)
            // After the rotation was committed the previous key may stay; it is not asked for again.
            let after = try source.open(checkValue: next.makeCheckValue(), holdsSealedValues: true)
            #expect(after.vault.keyID == next.keyID && after.rotateTo == nil)
        }
    }
}

/// The rotation of a key file, stopped after each of its steps.
@Suite struct KeyRotationTests {
    private enum Stop: Int, CaseIterable { case beforeStage, staged, committed, promoted }

    @Test("a crash at any step loses nothing", arguments: 0..<4)
    func crash(step: Int) throws {
        try withFolder { folder in
            let stop = try #require(Stop(rawValue: step))
            let file = MasterKeyFile("\(folder)/key")
            let source = MasterKeySource.file(file, mayCreate: true)
            let context = SealContext(shard: ShardID(high: 1, low: 2), name: "password")
            let old = try source.open(checkValue: nil, holdsSealedValues: false)

            // What the store holds: replaced in one transaction.
            var check = try #require(old.newCheckValue)
            var sealed = try old.vault.seal(Secret("value"), context)
            let key = try MasterKey.make()
            let next = Vault(key)
            if stop.rawValue >= Stop.staged.rawValue { try file.stage(key) }
            if stop.rawValue >= Stop.committed.rawValue {
                sealed = try old.vault.reseal(sealed, context, for: next)
                check = try next.makeCheckValue()
            }
            if stop.rawValue >= Stop.promoted.rawValue { try file.promote() }

            for _ in 0..<2 {
                let opened = try source.open(checkValue: check, holdsSealedValues: true)
                #expect(opened.vault.keyID == (stop.rawValue >= Stop.committed.rawValue ? next.keyID : old.vault.keyID))
                #expect(try opened.vault.open(sealed, context).matches(Secret("value")))
                #expect(opened.newCheckValue == nil && opened.rotateTo == nil)
                #expect(names(in: folder) == ["key"])
            }
        }
    }

    @Test func aLeftOverNextKeyIsReplacedByTheNextRotation() throws {
        try withFolder { folder in
            let file = MasterKeyFile("\(folder)/key")
            try file.create(MasterKey.make())
            try file.stage(MasterKey.make())
            let key = try MasterKey.make()
            try file.stage(key)
            try file.promote()
            #expect(try file.read()?.id == key.id)
        }
    }

    @Test func theNextKeyIsFoundEvenWhenTheOldFileIsGone() throws {
        try withFolder { folder in
            let file = MasterKeyFile("\(folder)/key")
            try file.create(MasterKey.make())
            let key = try MasterKey.make()
            try file.stage(key)
            unlink("\(folder)/key")
            let opened = try MasterKeySource.file(file, mayCreate: true)
                .open(checkValue: Vault(key).makeCheckValue(), holdsSealedValues: true)
            #expect(opened.vault.keyID == key.id)
            #expect(names(in: folder) == ["key"])
        }
    }
}

import CausewayCore
import CausewayVault
import Glibc
import Testing

@Suite struct MasterKeyTests {
    private let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

    @Test func threeFormsOfOneKey() throws {
        let plain = try MasterKey(Secret((0..<32).map { UInt8($0) }))
        for text in [base64, base64 + "\n", base64 + "\r\n", digits, digits.uppercased()] {
            #expect(try MasterKey(text: Secret(text)).id == plain.id)
        }
        #expect(try MasterKey(text: Secret((0..<32).map { UInt8($0) })).id == plain.id)
    }

    @Test(
        "malformed",
        arguments: [
            "", "\n", "short", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH-8=",
            "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n",
        ])
    func malformed(text: String) {
        let error = #expect(throws: CausewayError.self) { try MasterKey(text: Secret(text)) }
        #expect(error?.reason == "MASTER_KEY_MALFORMED")
        #expect(error.map { text.count < 8 || !$0.description.contains(text) } == true)
    }

    @Test func anIdRevealsNothingOfItsKey() throws {
        let key = try MasterKey(text: Secret(digits))
        #expect(key.id.description.count == 16)
        #expect(!digits.contains(key.id.description))
        #expect(!String(reflecting: key).contains("0001"))
    }
}

@Suite struct MasterKeyFileTests {
    @Test func madeReadableByUsAlone() throws {
        try withFolder { folder in
            let file = MasterKeyFile("\(folder)/key")
            #expect(try file.read() == nil)
            let key = try MasterKey.make()
            try file.create(key)
            #expect(try file.read()?.id == key.id)
            var status = stat()
            #expect(stat("\(folder)/key", &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(names(in: folder) == ["key"])
        }
    }

    @Test func anExistingKeyIsNeverReplaced() throws {
        try withFolder { folder in
            let file = MasterKeyFile("\(folder)/key")
            let key = try MasterKey.make()
            try file.create(key)
            #expect(throws: CausewayError.self) { try file.create(MasterKey.make()) }
            #expect(try file.read()?.id == key.id)
            #expect(names(in: folder) == ["key"])
        }
    }

    @Test("a file that others may read is refused", arguments: [0o640, 0o604, 0o660, 0o644, 0o620, 0o601] as [mode_t])
    func exposed(mode: mode_t) throws {
        try withFolder { folder in
            let file = MasterKeyFile("\(folder)/key")
            try file.create(MasterKey.make())
            chmod("\(folder)/key", mode)
            let error = #expect(throws: CausewayError.self) { try file.read() }
            #expect(error?.reason == "MASTER_KEY_EXPOSED")
        }
    }

    @Test func linksFoldersAndPipesAreRefused() throws {
        try withFolder { folder in
            try MasterKeyFile("\(folder)/real").create(MasterKey.make())
            symlink("\(folder)/real", "\(folder)/link")
            mkdir("\(folder)/folder", 0o700)
            mkfifo("\(folder)/pipe", 0o600)
            for name in ["link", "folder", "pipe"] {
                #expect(throws: CausewayError.self) { try MasterKeyFile("\(folder)/\(name)").read() }
            }
        }
    }

    @Test func aFolderThatIsNotThereIsAnError() throws {
        let error = #expect(throws: CausewayError.self) {
            try MasterKeyFile("/nonexistent/folder/key").create(MasterKey.make())
        }
        #expect(error?.reason == "MASTER_KEY_UNWRITABLE")
    }
}

/// Calls `body` with a folder of its own, removed afterwards.
func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/causeway-vault-XXXXXX".utf8CString)
    let folder = try #require(
        template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        })
    defer {
        for name in names(in: folder) where remove("\(folder)/\(name)") != 0 { rmdir("\(folder)/\(name)") }
        rmdir(folder)
    }
    try body(folder)
}

func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

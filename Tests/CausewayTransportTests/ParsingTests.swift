import CausewayCore
import Testing

@testable import CausewayTransport

@Suite("Bytes of strangers")
struct ParsingTests {
    private func packet(_ lists: [String], padding: UInt8 = 4) -> [UInt8] {
        var body: [UInt8] = [20] + [UInt8](repeating: 7, count: 16)
        for list in lists { body += word(UInt32(list.utf8.count)) + Array(list.utf8) }
        body += [0, 0, 0, 0, 0]
        let length = UInt32(1 + body.count + Int(padding))
        return word(length) + [padding] + body + [UInt8](repeating: 0, count: Int(padding))
    }

    private func word(_ number: UInt32) -> [UInt8] {
        [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
    }

    private let lists = [
        "kex-a,kex-b", "ssh-rsa,rsa-sha2-512", "c2s", "aes128-ctr", "mac-c2s", "mac", "none", "none", "", "",
    ]

    @Test("a server's offer is read after its version line and those before it")
    func offer() throws {
        let bytes = Array("Welcome\r\nto us\r\nSSH-2.0-Test\r\n".utf8) + packet(lists)
        let offer = try #require(ServerOffer(firstBytes: bytes))
        #expect(offer.keyExchanges == ["kex-a", "kex-b"])
        #expect(offer.hostKeys == ["ssh-rsa", "rsa-sha2-512"])
        #expect(offer.ciphers == ["aes128-ctr"])
        #expect(offer.macs == ["mac"])
    }

    @Test("no part of an offer is one, and neither is one with a byte changed taken for more than it is")
    func partsOfAnOffer() {
        let whole = Array("SSH-2.0-Test\n".utf8) + packet(lists)
        let last = whole.count - 30
        for length in 0..<last { _ = ServerOffer(firstBytes: Array(whole[..<length])) }
        #expect(ServerOffer(firstBytes: Array(whole[..<60])) == nil)
        for index in whole.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var changed = whole
                changed[index] = value
                _ = ServerOffer(firstBytes: changed)
            }
        }
    }

    @Test("an offer's names are bounded and printable")
    func boundedOffer() throws {
        var lists = lists
        lists[1] = (0..<500).map { "n\($0)" }.joined(separator: ",")
        lists[3] = "\u{1B}[31m" + String(repeating: "x", count: 5_000)
        let offer = try #require(ServerOffer(firstBytes: Array("SSH-2.0-T\n".utf8) + packet(lists)))
        #expect(offer.hostKeys.count == 64)
        #expect(offer.ciphers.first?.count ?? 0 <= 64)
        #expect(offer.ciphers.first?.contains("\u{1B}") == false)
    }

    @Test("names come back as the bytes they were", arguments: 0..<200)
    func names(_ seed: Int) {
        var state = UInt64(seed) &+ 1
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let pieces: [[UInt8]] = [
            Array("ascii".utf8), Array("größe".utf8), Array("日本".utf8), Array("👩‍👩‍👧".utf8), [0xE9], [0xFF, 0xFE], [0xC3],
            [0xED, 0xA0, 0x80], [0xF4, 0x8F, 0xB9, 0xBF], Array("\u{10FE80}\u{10FEFF}".utf8), [0xF4, 0x90, 0x80, 0x80],
            Array("e\u{301}".utf8), [0x0A], [0xC0, 0xAF],
        ]
        let bytes = (0..<Int(next() % 8)).flatMap { _ in pieces[Int(next() % UInt64(pieces.count))] }
        let text = RemoteNameCoding.text(bytes)
        #expect(RemoteNameCoding.bytes(text) == bytes)
        if let plain = String(validating: bytes, as: UTF8.self),
            !plain.unicodeScalars.contains(where: { $0.value >= 0x10_FE80 })
        {
            #expect(text == plain)
        }
    }

    @Test("base64 is read back, with or without padding", arguments: 0..<70)
    func base64(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let text = Base64.encode(bytes)
        #expect(Base64.decode(text.utf8, limit: 100) == bytes)
        #expect(Base64.decode((text + "==\n").utf8, limit: 100) == bytes)
        #expect(Base64.decode("!\(text)".utf8, limit: 100) == nil)
    }

    @Test("fingerprints are found where the tools print them, and nowhere else")
    func fingerprints() {
        let digits = "uNiVztksCsDhcc0u9e8BgrJXVGDnwtEd2xJgcVnRWMQ"
        for text in ["SHA256:\(digits)", "SHA256:\(digits)=", "256 SHA256:\(digits) root@host (ED25519)\n"] {
            #expect(HostKeyFingerprint(text: text)?.description == "SHA256:\(digits)")
        }
        for text in [
            "", digits, "MD5:\(digits)", "SHA256:", "SHA256:\(digits)A", "sha256:\(digits)",
            "SHA256:\(digits.dropLast())",
        ] {
            #expect(HostKeyFingerprint(text: text) == nil)
        }
    }

    @Test(
        "the form of a private key is told without opening it",
        arguments: [
            ("", PrivateKeyForm.Container.unknown), ("\n\n", .unknown), ("-----BEGIN", .unknown),
            ("-----BEGIN CERTIFICATE-----\n", .unknown), ("PuTTY-User-Key-File-3: ssh-ed25519\n", .putty),
            ("ssh-ed25519 AAAA\n", .publicKey), ("-----BEGIN PUBLIC KEY-----\n", .publicKey),
            ("---- BEGIN SSH2 PUBLIC KEY ----\n", .publicKey), ("-----BEGIN OPENSSH PRIVATE KEY-----\n", .openSSH),
            ("\n  \n-----BEGIN EC PRIVATE KEY-----\r\nAA\r\n", .pem), ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", .pem),
        ])
    func keyForms(_ text: String, _ container: PrivateKeyForm.Container) {
        #expect(PrivateKeyForm(Secret(text)).container == container)
    }

    @Test("no bytes make the look at a key trap")
    func anyKey() {
        let lines = [
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz", "c2gtZWQyNTUxOQAAACA=", "",
        ]
        let whole = Array(lines.joined(separator: "\n").utf8)
        for length in whole.indices {
            _ = PrivateKeyForm(Secret(whole[..<length]))
            var changed = whole
            changed[length] = 0xFF
            _ = PrivateKeyForm(Secret(changed))
        }
        #expect(PrivateKeyForm(Secret(whole)).isRSA == false)
        #expect(!PrivateKeyForm(Secret(whole)).isEncrypted)
    }
}

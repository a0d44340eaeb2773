import CausewayCore
import Testing

@Suite struct SecretTests {
    private struct Holder {
        var name = "holder"
        var secret: Secret
    }

    @Test func noTextualFormShowsIt() {
        let secret = Secret("canary-7f3a")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(Holder(secret: secret), to: &dumped)
        dump([secret], to: &dumped)
        dump(Optional(secret) as Any, to: &dumped)
        var printed = ""
        print(secret, [secret], ["k": secret], Holder(secret: secret), to: &printed)
        debugPrint(secret, [secret], ["k": secret], Holder(secret: secret), to: &printed)
        let texts = [
            secret.description, secret.debugDescription, "\(secret)", String(describing: secret),
            String(reflecting: secret), "\(Holder(secret: secret))", String(reflecting: Holder(secret: secret)),
            "\(Mirror(reflecting: secret).children.map { "\($0)" })", dumped, printed,
            "\(CausewayError(.internal, reason: "X", "x", cause: Failure(secret: secret)))",
        ]
        for text in texts {
            #expect(!text.contains("canary") && !text.contains("99, 97, 110"))
        }
        #expect(secret.description == "<redacted>")
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    private struct Failure: Error { var secret: Secret }

    @Test func theBytesAreThoseGiven() {
        for bytes in [[], [0], [1, 2, 3], Array(UInt8.min ... .max)] as [[UInt8]] {
            for secret in [Secret(bytes), Secret(bytes.lazy.map { $0 }), Secret(AnySequence(bytes))] {
                #expect(secret.count == bytes.count && secret.isEmpty == bytes.isEmpty)
                #expect(secret.withUnsafeBytes { Array($0) } == bytes)
            }
        }
        #expect(Secret("é").withUnsafeBytes { Array($0) } == [0xC3, 0xA9])
    }

    @Test func comparison() {
        #expect(Secret("abc").matches(Secret("abc")))
        #expect(Secret("").matches(Secret("")))
        for other in ["abd", "ab", "abcd", "", "Abc"] { #expect(!Secret("abc").matches(Secret(other))) }
    }
}

@Suite struct BackoffTests {
    private let backoff = Backoff(base: .seconds(1), ceiling: .seconds(60), limit: 8)

    @Test func waitsAreWithinTheirSpanAndUseIt() throws {
        var random = SystemRandomNumberGenerator()
        for (attempt, span) in zip(1...8, [1, 2, 4, 8, 16, 32, 60, 60]) {
            var greatest = Duration.zero
            for _ in 0..<500 {
                let wait = try #require(backoff.delay(beforeRetry: attempt, advice: .backoff, random: &random))
                #expect(wait >= .zero && wait <= .seconds(span))
                greatest = max(greatest, wait)
            }
            #expect(greatest > .seconds(span) * 0.8)
        }
    }

    @Test func itEnds() {
        var random = SystemRandomNumberGenerator()
        #expect(backoff.delay(beforeRetry: 9, advice: .backoff, random: &random) == nil)
        #expect(backoff.delay(beforeRetry: 1, advice: .never, random: &random) == nil)
        #expect(backoff.delay(beforeRetry: 9, advice: .after(.seconds(1)), random: &random) == nil)
    }

    @Test func whatTheOtherSideAsksForIsALowerBound() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<100 {
            let wait = try #require(
                backoff.delay(beforeRetry: 1, advice: .after(.seconds(120)), random: &random))
            #expect(wait == .seconds(120))
        }
    }

    @Test func extremesDoNotTrap() {
        var random = SystemRandomNumberGenerator()
        let endless = Backoff(base: .seconds(1), ceiling: .seconds(3_600), limit: .max)
        for attempt in [0, 1, 31, 32, 1_000, .max] {
            #expect(endless.delay(beforeRetry: attempt, advice: .backoff, random: &random) != nil)
        }
    }
}

import CausewayCore
import CausewayMessages
import CausewayWire
import Testing

@Suite struct ErrorTests {
    private func sent(_ error: CausewayError) throws -> CausewayError {
        let end = try End(decoding: End(callID: 7, error: error).encoded())
        #expect(end.callID == 7)
        return try #require(end.error)
    }

    @Test(arguments: [.never, .backoff, .after(.milliseconds(1500))] as [RetryAdvice])
    func everythingButTheCauseIsSent(retry: RetryAdvice) throws {
        struct Cause: Error {}
        let error = CausewayError(
            .failedPrecondition, reason: "CONNECTION_PAUSED", "The connection crm is paused.",
            metadata: ["connection": "crm", "since": "é"], retry: retry,
            violations: [FieldViolation(field: "name", description: "paused")], cause: Cause())
        let received = try sent(error)
        #expect(received.code == error.code)
        #expect(received.reason == error.reason)
        #expect(received.message == error.message)
        #expect(received.metadata == error.metadata)
        #expect(received.retry == retry)
        #expect(received.violations == error.violations)
        #expect(received.cause == nil)
    }

    @Test(arguments: [1, 16, 17, 4711, -1, .max, .min] as [Int32])
    func codesOfANewerPeerSurvive(code: Int32) throws {
        #expect(try sent(CausewayError(StatusCode(rawValue: code), reason: "R", "m")).code.rawValue == code)
    }

    @Test func anEndWithoutDetailsIsAnErrorToo() {
        let error = End.with { $0.code = 14 }.error
        #expect(error?.code == .unavailable)
        #expect(error?.reason == "UNSPECIFIED")
        #expect(error?.retry == .never)
    }

    @Test func aFailureIsNeverSentAsSuccess() throws {
        #expect(try sent(CausewayError(.ok, reason: "R", "m")).code == .unknown)
        #expect(End(callID: 1, response: [1]).error == nil)
    }

    @Test func delaysThatAreNoneLeaveTheBackoff() {
        for (seconds, nanos) in [(Int64.max, Int32(0)), (-1, 0), (1, -1), (0, .max)] {
            let end = End.with {
                $0.code = 14
                $0.retryInfo = .with {
                    $0.retryDelay = .with {
                        $0.seconds = seconds
                        $0.nanos = nanos
                    }
                }
            }
            #expect(end.error?.retry == .backoff)
        }
    }

    @Test func anErrorCanAlwaysBeTold() throws {
        let long = String(repeating: "🚚", count: 100_000)
        var metadata = ["nul\0": "a\0b"]
        for number in 0..<10_000 { metadata["key \(number)"] = long }
        let error = CausewayError(
            .internal, reason: "A\0B", long, metadata: metadata,
            violations: Array(repeating: FieldViolation(field: long, description: long), count: 10_000))
        let bytes = try Frame.with { $0.body = .end(End(callID: 1, error: error)) }.encoded()
        #expect(bytes.count < FrameLimits.maximumBytes)
        let received = try sent(error)
        #expect(received.reason == "A\u{FFFD}B")
        #expect(received.message.utf8.count == 4096)
        #expect(received.message.allSatisfy { $0 == "🚚" })
    }

    @Test func streamsSayWhyTheyClose() {
        let goAway = GoAway(lastCallID: 3, error: CausewayError(.unavailable, reason: "STOPPING", "The daemon stops."))
        #expect(goAway.lastCallID == 3)
        #expect(goAway.error.code == .unavailable)
        #expect(goAway.error.message == "The daemon stops.")
        #expect(goAway.error.retry == .backoff)
    }

    @Test func messagesThatAreNoneAreTheCallersFault() throws {
        #expect {
            try GetRunRequest(wireBytes: [0xff])
        } throws: {
            CausewayError.wrapping($0).code == .invalidArgument
                && CausewayError.wrapping($0).metadata == ["message": "GetRunRequest"]
        }
        let request = GetRunRequest.with { $0.name = "connections/crm/runs/1" }
        #expect(try GetRunRequest(wireBytes: request.wireBytes()) == request)
    }
}

package import CausewayCore
package import CausewayMessages

/// How errors travel: as End and GoAway, with the details that google.rpc defines.
private enum ErrorDetails {
    /// The namespace of reasons.
    static let domain = "causeway"
    /// The reason of an error that came without one.
    static let noReason = "UNSPECIFIED"

    // What of an error is sent at most, in bytes of UTF-8 and in entries: an error always fits in a frame.
    static let longestText = 4096
    static let mostEntries = 32
}

extension End {
    /// The end of a call that succeeded; `response` is empty after a stream.
    package init(callID: UInt64, response: [UInt8] = []) {
        self.init()
        self.callID = callID
        self.response = response
    }

    /// The end of a call that failed.
    ///
    /// Everything but the cause is sent. Long texts are cut and NUL characters replaced, so that an error can always be
    /// told.
    package init(callID: UInt64, error: CausewayError) {
        self.init()
        self.callID = callID
        code = error.code == .ok ? StatusCode.unknown.rawValue : error.code.rawValue
        message = error.message.sendable
        errorInfo = .with {
            $0.reason = error.reason.sendable
            $0.domain = ErrorDetails.domain
            let entries = error.metadata.sorted { $0.key < $1.key }.prefix(ErrorDetails.mostEntries)
            for (key, value) in entries { $0.metadata[key.sendable] = value.sendable }
        }
        retryInfo = RetryInfo(error.retry)
        if !error.violations.isEmpty {
            badRequest = .with {
                $0.fieldViolations = error.violations.prefix(ErrorDetails.mostEntries).map { violation in
                    .with {
                        $0.field = violation.field.sendable
                        $0.description = violation.description.sendable
                    }
                }
            }
        }
    }

    /// Why the call failed, nil when it did not.
    ///
    /// Codes that this build does not know are kept. Without a RetryInfo the call is not worth repeating, with one that
    /// has no delay the caller's own backoff applies.
    package var error: CausewayError? {
        guard code != StatusCode.ok.rawValue else { return nil }
        let reason = errorInfo?.reason ?? ""
        return CausewayError(
            StatusCode(rawValue: code),
            reason: reason.isEmpty ? ErrorDetails.noReason : reason,
            message,
            metadata: errorInfo?.metadata ?? [:],
            retry: retryInfo?.advice ?? .never,
            violations: (badRequest?.fieldViolations ?? []).map {
                FieldViolation(field: $0.field, description: $0.description)
            })
    }
}

extension RetryInfo {
    /// Nil for advice not to try again.
    fileprivate init?(_ advice: RetryAdvice) {
        self.init()
        switch advice {
        case .never: return nil
        case .backoff: break
        case .after(let delay): retryDelay = ProtoDuration(delay)
        }
    }

    /// A delay that is not one counts as none.
    fileprivate var advice: RetryAdvice {
        guard let retryDelay, let delay = try? Duration(retryDelay), delay >= .zero else { return .backoff }
        return .after(delay)
    }
}

extension GoAway {
    /// Says why no new calls are taken; calls after `lastCallID` were not started.
    package init(lastCallID: UInt64, error: CausewayError) {
        self.init()
        self.lastCallID = lastCallID
        code = error.code.rawValue
        message = error.message.sendable
    }

    /// What to tell the callers whose calls were not started.
    ///
    /// They may try again elsewhere where the code is `unavailable`.
    package var error: CausewayError {
        CausewayError(StatusCode(rawValue: code), reason: "STREAM_CLOSING", message)
    }
}

extension String {
    /// The text without NUL characters, cut to what is sent at most.
    fileprivate var sendable: String {
        guard utf8.count > ErrorDetails.longestText || utf8.contains(0) else { return self }
        var text = String.UnicodeScalarView()
        var bytes = 0
        for scalar in unicodeScalars.lazy.map({ $0 == "\0" ? "\u{FFFD}" : $0 }) {
            bytes += UTF8.width(scalar)
            guard bytes <= ErrorDetails.longestText else { break }
            text.append(scalar)
        }
        return String(text)
    }
}

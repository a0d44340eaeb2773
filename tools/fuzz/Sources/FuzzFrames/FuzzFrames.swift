import CausewayCore
import CausewayMessages
import CausewayWire
import NIOCore

/// The longest frame taken here, little enough for inputs to go beyond it.
private let limit = 4096

/// Reads any bytes as a stream of frames.
///
/// The first byte is the size of the pieces that the rest arrives in. Frames and the error must be the same as when all
/// arrives at once, frames must survive being written again, and errors in them must survive being told.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFrames(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 1 else { return 0 }
    let bytes = UnsafeBufferPointer(start: start + 1, count: count - 1)
    let whole = Outcome(bytes, pieces: max(1, bytes.count))
    let pieces = Outcome(bytes, pieces: max(1, Int(start[0])))
    precondition(whole == pieces, "the frames depend on how the bytes arrive")
    for frame in whole.frames { check(frame) }
    return 0
}

/// What came of a stream.
private struct Outcome: Equatable {
    var frames: [Frame] = []
    var failure: String?

    init(_ bytes: UnsafeBufferPointer<UInt8>, pieces: Int) {
        let processor = NIOSingleStepByteToMessageProcessor(FrameDecoder(limit: limit))
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                let piece = UnsafeBufferPointer(rebasing: bytes[start..<min(start + pieces, bytes.count)])
                try processor.process(buffer: ByteBuffer(bytes: piece)) { frames.append($0) }
            }
            try processor.finishProcessing(seenEOF: true) { frames.append($0) }
        } catch let error as CausewayError {
            failure = "\(error)"
        } catch {
            preconditionFailure("an error of another kind: \(error)")
        }
    }
}

private func check(_ frame: Frame) {
    var buffer = ByteBuffer()
    guard let _ = try? FrameEncoder(limit: 2 * limit).write(frame, to: &buffer) else {
        preconditionFailure("a frame that was read cannot be written")
    }
    let again = Outcome(Array(buffer.readableBytesView))
    precondition(again.frames == [frame] && again.failure == nil, "a frame changed when it was written and read again")
    switch frame.body {
    case .end(let end): checkError(of: end)
    case .goAway(let goAway): _ = goAway.error.description
    case .request(let request): _ = request.timeout.map { try? Duration($0) }
    default: break
    }
}

/// An error that came once is told further without loss, but for what is too long.
private func checkError(of end: End) {
    guard let error = end.error else { return }
    let once = End(callID: end.callID, error: error)
    guard let bytes = try? once.encoded(), let read = try? End(decoding: bytes), let received = read.error else {
        preconditionFailure("an error cannot be told")
    }
    precondition(End(callID: end.callID, error: received) == once, "an error changed when it was told")
}

extension Outcome {
    fileprivate init(_ bytes: [UInt8]) {
        self = bytes.withUnsafeBufferPointer { Outcome($0, pieces: max(1, $0.count)) }
    }
}

import CLMDB
import Glibc

/// A return code of LMDB: one of its own, or an errno.
struct LMDBError: Error, CustomStringConvertible {
    let code: Int32

    var description: String { "\(String(cString: mdb_strerror(code))) (\(code))" }

    /// The disk, or the file system, said no.
    var isDisk: Bool { [EIO, ENOSPC, EDQUOT, EFBIG].contains(code) }
    /// The environment can do nothing more: a meta page may be half written.
    var isPanic: Bool { code == MDB_PANIC }
}

/// Throws unless `code` is zero.
@inline(__always)
func check(_ code: Int32) throws(LMDBError) {
    guard code == 0 else { throw LMDBError(code: code) }
}

/// The bytes of an LMDB value; valid as long as its transaction, and no write in it.
extension UnsafeRawBufferPointer {
    init(_ value: MDB_val) {
        self.init(start: value.mv_data, count: value.mv_size)
    }
}

extension [UInt8] {
    /// Calls `body` with the bytes as LMDB wants them; it only reads them.
    @inline(__always)
    func withLMDBValue<R, Failure: Error>(
        _ body: (inout MDB_val) throws(Failure) -> R
    ) throws(Failure) -> R {
        var result: Result<R, Failure>?
        withUnsafeBytes { bytes in
            var value = MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            do throws(Failure) {
                result = .success(try body(&value))
            } catch {
                result = .failure(error)
            }
        }
        guard let result else { preconditionFailure("withUnsafeBytes did not call its body") }
        return try result.get()
    }
}

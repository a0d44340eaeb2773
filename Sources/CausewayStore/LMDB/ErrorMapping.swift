import CLMDB
import CausewayCore
import Glibc

extension LMDBError {
    /// As an error of a read.
    var whileReading: CausewayError {
        switch code {
        case MDB_PANIC: .storeStopped
        case MDB_READERS_FULL:
            CausewayError(
                .unavailable, reason: "STORE_READERS_FULL", "Too many reads are in progress. Try again later.",
                cause: self)
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID: .damaged("A read found a broken page.", cause: self)
        default: .storeIO(self)
        }
    }

    /// As an error of opening.
    var whileOpening: CausewayError {
        switch code {
        case MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND:
            .damaged("The file is not a store, or not a whole one.", cause: self)
        case MDB_VERSION_MISMATCH:
            CausewayError(
                .failedPrecondition, reason: "STORE_FORMAT_TOO_NEW",
                "The store was written by another version of LMDB (this is \(LMDBError.libraryVersion)).", cause: self)
        case ENOSPC, EDQUOT: .storeFull("The disk of the store is full.", cause: self)
        case EACCES, EPERM, EROFS:
            CausewayError(
                .failedPrecondition, reason: "STORE_UNSUITABLE",
                "The files of the store cannot be written by this user.", cause: self)
        default: .storeIO(self)
        }
    }

    /// As an error of a write transaction that is void now. `room` tells a full disk from a broken one: LMDB reports a
    /// short write as EIO.
    func whileWriting(bytes: Int, room: DiskRoom?) -> CausewayError {
        switch code {
        case ENOSPC, EDQUOT, EFBIG: return .storeFull("The disk of the store is full.", cause: self)
        case EIO:
            let needed = UInt64(clamping: bytes) * 4 + Self.spareBytes
            if let room, room.free < needed { return .storeFull("The disk of the store is full.", cause: self) }
            return .storeIO(self)
        case MDB_MAP_FULL: return .storeFull("The store has reached the largest size it was opened for.", cause: self)
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID:
            return .damaged("A write found a broken page.", cause: self)
        default: return .storeIO(self)
        }
    }

    /// "0.9.24".
    static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        mdb_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Less than this much free is full, whatever was to be written.
    private static let spareBytes: UInt64 = 1 << 20
}

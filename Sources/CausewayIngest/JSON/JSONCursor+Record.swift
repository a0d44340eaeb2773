/// An object as a row of cells.
extension JSONCursor {
    /// Marks in the length of a cell of the row in progress.
    enum CellMarks {
        static let escapes: UInt64 = 1 << 31
        static let spaces: UInt64 = 1 << 30
        static let length: UInt64 = spaces - 1
    }

    static let nullCell = UInt64.max

    /// Where the cells of an object go.
    struct Row {
        let cells: UnsafeMutablePointer<UInt64>
        /// Cells that there is room for.
        let room: Int
        let flattens: Bool
        let emptyIsNull: Bool
        /// All marks of its cells.
        var marks: UInt64 = 0
        /// There was no room for a column.
        var isTooWide = false
        /// It has no field.
        var isEmpty = false
    }

    /// Goes over the object that begins here and puts its fields into `row`, whose cells are all null.
    ///
    /// Of fields with the same label the last one counts. Objects inside it are flattened, unless they are empty: those
    /// are null.
    mutating func readRecord(_ row: inout Row, _ fields: JSONFields) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Self.maximumDepth) { parents in
            parents.initialize(repeating: 0)
            guard let parents = parents.baseAddress else { return false }
            return readRecord(&row, fields, parents)
        }
    }

    private mutating func readRecord(
        _ row: inout Row, _ fields: JSONFields, _ parents: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        var depth = 1
        var parent: UInt32 = 0
        var last: UInt32 = 0
        var isOpening = false
        at &+= 1
        skipSpace()
        if byte == JSONByte.closeBrace {
            at &+= 1
            row.isEmpty = true
            return true
        }
        while true {
            guard byte == JSONByte.quote else { return fail(.name) }
            let predicted = fields.nodes[Int(last)].next
            if predicted != 0, fields.nodes[Int(predicted)].parent == parent,
                fields.matches(predicted, bytes, at: at &+ 1, readable: readable)
            {
                at &+= Int(fields.nodes[Int(predicted)].length) &+ 2
                last = predicted
            } else {
                let before = last
                guard readName(below: parent, fields, &last) else { return false }
                if fields.nodes[Int(last)].isPlain { fields.nodes[Int(before)].next = last }
            }
            if byte != UInt8(ascii: ":") {
                skipSpace()
                guard byte == UInt8(ascii: ":") else { return fail(.colon) }
            }
            at &+= 1
            skipSpace()

            let start = at
            var cell = Self.nullCell
            isOpening = false
            switch byte {
            case JSONByte.quote:
                var hasEscapes = false
                guard skipString(isRaw: false, hasEscapes: &hasEscapes) else { return false }
                let length = at &- start &- 2
                if length > 0 || !row.emptyIsNull {
                    cell = UInt64(truncatingIfNeeded: start &+ 1) &<< 32 | UInt64(truncatingIfNeeded: length)
                    if hasEscapes {
                        cell |= CellMarks.escapes
                        row.marks |= CellMarks.escapes
                    }
                }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard skipNumber() else { return false }
                cell = UInt64(truncatingIfNeeded: start) &<< 32 | UInt64(truncatingIfNeeded: at &- start)
            case JSONByte.openBrace where row.flattens:
                guard depth < Self.maximumDepth else {
                    fault = .tooDeep
                    return false
                }
                at &+= 1
                skipSpace()
                if byte == JSONByte.closeBrace { at &+= 1 } else { isOpening = true }
            case JSONByte.openBrace, JSONByte.openBracket:
                guard skipValue(depth: depth) else { return false }
                cell = UInt64(truncatingIfNeeded: start) &<< 32 | UInt64(truncatingIfNeeded: at &- start)
                if isSpaced {
                    cell |= CellMarks.spaces
                    row.marks |= CellMarks.spaces
                }
            case UInt8(ascii: "n"):
                guard skipWord() else { return false }
            default:
                guard skipWord() else { return false }
                cell = UInt64(truncatingIfNeeded: start) &<< 32 | UInt64(truncatingIfNeeded: at &- start)
            }
            if isOpening {
                parents[depth] = parent
                depth &+= 1
                parent = last
                continue
            }
            put(cell, last, &row, fields, start)

            while true {
                if byte == UInt8(ascii: ",") {
                    at &+= 1
                    skipSpace()
                    break
                }
                if byte == JSONByte.closeBrace {
                    at &+= 1
                    depth &-= 1
                    if depth == 0 { return true }
                    parent = parents[depth]
                    continue
                }
                guard JSONByte.isSpace(byte) else { return fail(.comma) }
                skipSpace()
            }
        }
    }

    @inline(__always)
    private mutating func put(
        _ cell: UInt64, _ node: UInt32, _ row: inout Row, _ fields: JSONFields, _ start: Int
    ) {
        let column = Int(fields.nodes[Int(node)].column)
        guard column < 0 || column >= row.room else {
            row.cells[column] = cell
            return
        }
        putSlowly(cell, node, &row, fields, start)
    }

    @inline(never)
    private mutating func putSlowly(
        _ cell: UInt64, _ node: UInt32, _ row: inout Row, _ fields: JSONFields, _ start: Int
    ) {
        guard flaw == .none, node != 0 else { return }
        var column = Int(fields.nodes[Int(node)].column)
        if column < 0 {
            switch fields.column(of: node) {
            case .column(let found): column = found
            case .tooMany: return note(.tooManyFields, at: start)
            case .labelTooLong: return note(.labelTooLong, at: start)
            }
        }
        if column < row.room { row.cells[column] = cell } else { row.isTooWide = true }
    }

    /// Goes over a name and finds its node; that of nothing when the row has a flaw.
    @inline(never)
    private mutating func readName(below parent: UInt32, _ fields: JSONFields, _ node: inout UInt32) -> Bool {
        let start = at &+ 1
        var hasEscapes = false
        guard skipString(isRaw: false, hasEscapes: &hasEscapes) else { return false }
        let length = at &- 1 &- start
        if length > JSONFields.maximumLabel * (hasEscapes ? 6 : 1) { note(.labelTooLong, at: start) }
        guard flaw == .none else {
            node = 0
            return true
        }
        guard hasEscapes else {
            node = fields.node(UnsafeRawBufferPointer(start: bytes + start, count: length), below: parent)
            return true
        }
        node = withUnsafeTemporaryAllocation(byteCount: max(length, 1), alignment: 1) { name in
            name.copyMemory(from: UnsafeRawBufferPointer(start: bytes + start, count: length))
            let count = name.baseAddress.map { JSONText.unescape($0, 0, length) } ?? 0
            return fields.node(UnsafeRawBufferPointer(rebasing: name[..<count]), below: parent)
        }
        return true
    }
}

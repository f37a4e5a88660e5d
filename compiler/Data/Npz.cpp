//===- Npz.cpp - numpy's .npz archives ------------------------------------===//
//
// The part of the zip format that numpy.savez and numpy.savez_compressed write: stored and deflated
// members, found through the central directory, with zip64 fields where sizes need them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Data/Npy.h"

#include "llvm/ADT/StringSet.h"

#include <zlib.h>

using namespace fovea;
using llvm::ArrayRef;
using llvm::StringRef;
using Bytes = ArrayRef<uint8_t>;

static llvm::Error malformed(const llvm::Twine &what) {
  return llvm::createStringError("malformed npz: " + what);
}

/// Little-endian number of `size` bytes; the caller has checked that it is there.
static uint64_t number(Bytes bytes, uint64_t offset, unsigned size) {
  uint64_t value = 0;
  for (unsigned index = 0; index < size; ++index)
    value |= uint64_t(bytes[offset + index]) << (8 * index);
  return value;
}

static bool inside(Bytes bytes, uint64_t offset, uint64_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

namespace {
/// Where the central directory lies.
struct Directory {
  uint64_t entries, offset;
};
/// An entry of the central directory.
struct Member {
  StringRef name;
  unsigned flags, method;
  uint32_t checksum;
  uint64_t packed, size, header;
};
} // namespace

static llvm::Expected<Directory> findDirectory(Bytes bytes) {
  if (bytes.size() < 22)
    return malformed("too short for a zip archive");
  uint64_t end = bytes.size() - 22, last = end > 0xffff ? end - 0xffff : 0;
  while (number(bytes, end, 4) != 0x06054b50)
    if (end-- == last)
      return malformed("no end record");
  if (number(bytes, end + 4, 2) != 0 || number(bytes, end + 6, 2) != 0)
    return malformed("split archive");
  Directory directory{number(bytes, end + 10, 2), number(bytes, end + 16, 4)};
  bool wide = directory.entries == 0xffff || directory.offset == 0xffffffff;
  if (!wide || end < 20 || number(bytes, end - 20, 4) != 0x07064b50)
    return directory;
  uint64_t record = number(bytes, end - 12, 8);
  if (!inside(bytes, record, 56) || number(bytes, record, 4) != 0x06064b50)
    return malformed("no zip64 end record");
  return Directory{number(bytes, record + 32, 8), number(bytes, record + 48, 8)};
}

/// Replaces sizes of 0xffffffff by those in the zip64 extra field.
static bool widen(Member &member, Bytes extra) {
  uint64_t *fields[] = {&member.size, &member.packed, &member.header};
  if (llvm::none_of(fields, [](uint64_t *field) { return *field == 0xffffffff; }))
    return true;
  while (extra.size() >= 4) {
    uint64_t id = number(extra, 0, 2), size = number(extra, 2, 2);
    if (!inside(extra, 4, size))
      return false;
    Bytes body = extra.slice(4, size);
    for (uint64_t *field : fields) {
      if (id != 1 || *field != 0xffffffff)
        continue;
      if (body.size() < 8)
        return false;
      *field = number(body, 0, 8);
      body = body.drop_front(8);
    }
    if (id == 1)
      return true;
    extra = extra.drop_front(4 + size);
  }
  return false;
}

/// Reads the entry at `offset` and moves the offset behind it.
static llvm::Expected<Member> readMember(Bytes bytes, uint64_t &offset) {
  if (!inside(bytes, offset, 46) || number(bytes, offset, 4) != 0x02014b50)
    return malformed("no directory entry where one is announced");
  uint64_t name = number(bytes, offset + 28, 2), extra = number(bytes, offset + 30, 2);
  uint64_t comment = number(bytes, offset + 32, 2);
  if (!inside(bytes, offset + 46, name + extra + comment))
    return malformed("truncated directory entry");
  Member member;
  member.flags = number(bytes, offset + 8, 2);
  member.method = number(bytes, offset + 10, 2);
  member.checksum = static_cast<uint32_t>(number(bytes, offset + 16, 4));
  member.packed = number(bytes, offset + 20, 4);
  member.size = number(bytes, offset + 24, 4);
  member.header = number(bytes, offset + 42, 4);
  member.name = StringRef(reinterpret_cast<const char *>(bytes.data()) + offset + 46, name);
  if (!widen(member, bytes.slice(offset + 46 + name, extra)))
    return malformed("bad zip64 field of '" + member.name + "'");
  offset += 46 + name + extra + comment;
  return member;
}

static bool inflateRaw(Bytes packed, llvm::MutableArrayRef<uint8_t> out) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  // zlib counts in 32 bits, so both sides are fed in pieces.
  constexpr uint64_t piece = 1u << 30;
  uint64_t read = 0, written = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    uint64_t in = std::min<uint64_t>(piece, packed.size() - read);
    uint64_t room = std::min<uint64_t>(piece, out.size() - written);
    stream.next_in = const_cast<uint8_t *>(packed.data() + read);
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = out.data() + written;
    stream.avail_out = static_cast<uInt>(room);
    status = inflate(&stream, Z_NO_FLUSH);
    uint64_t eaten = in - stream.avail_in, made = room - stream.avail_out;
    read += eaten;
    written += made;
    if (status == Z_OK && eaten == 0 && made == 0)
      status = Z_BUF_ERROR;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && written == out.size();
}

static uint32_t checksumOf(Bytes bytes) {
  return static_cast<uint32_t>(crc32_z(crc32_z(0, nullptr, 0), bytes.data(), bytes.size()));
}

static llvm::Expected<Tensor> readTensor(Bytes bytes, const Member &member) {
  auto refuse = [&](const char *what) {
    return malformed("member '" + member.name + "': " + what);
  };
  if (member.flags & 1)
    return refuse("encrypted");
  if (!inside(bytes, member.header, 30) || number(bytes, member.header, 4) != 0x04034b50)
    return refuse("no local header");
  uint64_t skip = 30 + number(bytes, member.header + 26, 2) + number(bytes, member.header + 28, 2);
  if (!inside(bytes, member.header, skip) || !inside(bytes, member.header + skip, member.packed))
    return refuse("truncated data");
  Bytes data = bytes.slice(member.header + skip, member.packed);
  Tensor inflated;
  if (member.method == 8) {
    // Deflate cannot do better than 1032 to 1; a larger claim would only exhaust the memory.
    if (member.size / 1032 > member.packed)
      return refuse("impossible size");
    auto buffer = Tensor::create(DType::U8, static_cast<int64_t>(member.size));
    if (!buffer)
      return buffer.takeError();
    inflated = std::move(*buffer);
    if (!inflateRaw(data, {inflated.data(), static_cast<size_t>(member.size)}))
      return refuse("damaged deflate stream");
    data = inflated.raw();
  } else if (member.method != 0) {
    return refuse("compressed by a method that is neither stored nor deflate");
  }
  if (data.size() != member.size || checksumOf(data) != member.checksum)
    return refuse("wrong size or checksum");
  llvm::Expected<Tensor> tensor = parseNpy(data);
  if (!tensor)
    return malformed("member '" + member.name + "': " + llvm::toString(tensor.takeError()));
  return tensor;
}

llvm::Expected<std::vector<NamedTensor>> fovea::parseNpz(Bytes bytes) {
  llvm::Expected<Directory> directory = findDirectory(bytes);
  if (!directory)
    return directory.takeError();
  std::vector<NamedTensor> tensors;
  llvm::StringSet<> names;
  uint64_t offset = directory->offset;
  for (uint64_t index = 0; index < directory->entries; ++index) {
    llvm::Expected<Member> member = readMember(bytes, offset);
    if (!member)
      return member.takeError();
    StringRef name = member->name;
    if (!name.consume_back(".npy") || !names.insert(name).second)
      return malformed("member '" + member->name + "' is no .npy or appears twice");
    llvm::Expected<Tensor> tensor = readTensor(bytes, *member);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back({name.str(), std::move(*tensor)});
  }
  return tensors;
}

static void append(std::vector<uint8_t> &out, uint64_t value, unsigned size) {
  for (unsigned index = 0; index < size; ++index)
    out.push_back(static_cast<uint8_t>(value >> (8 * index)));
}

/// The fields that local header and directory entry share, from "version needed" to "extra length".
static void appendShared(std::vector<uint8_t> &out, StringRef name, Bytes data) {
  append(out, 20, 2);
  append(out, 0x800, 2); // names are UTF-8
  append(out, 0, 2);
  append(out, 0x00210000, 4); // 1980-01-01, so that equal contents give equal bytes
  append(out, checksumOf(data), 4);
  append(out, data.size(), 4);
  append(out, data.size(), 4);
  append(out, name.size(), 2);
  append(out, 0, 2);
}

llvm::Expected<std::vector<uint8_t>> fovea::formatNpz(ArrayRef<NamedTensor> tensors) {
  std::vector<uint8_t> out, directory;
  for (const NamedTensor &entry : tensors) {
    std::string name = entry.name + ".npy";
    std::vector<uint8_t> data = formatNpy(entry.tensor);
    uint64_t end = out.size() + directory.size() + data.size() + 2 * name.size() + 98;
    if (end >= 0xffffffff || name.size() > 0xffff || tensors.size() >= 0xffff)
      return llvm::createStringError("npz of 4 GiB or more; write single .npy files");
    append(directory, 0x02014b50, 4);
    append(directory, 20, 2);
    appendShared(directory, name, data);
    append(directory, 0, 6); // comment length, disk, internal attributes
    append(directory, 0, 4);
    append(directory, out.size(), 4);
    directory.insert(directory.end(), name.begin(), name.end());
    append(out, 0x04034b50, 4);
    appendShared(out, name, data);
    out.insert(out.end(), name.begin(), name.end());
    out.insert(out.end(), data.begin(), data.end());
  }
  uint64_t start = out.size();
  out.insert(out.end(), directory.begin(), directory.end());
  append(out, 0x06054b50, 4);
  append(out, 0, 4);
  append(out, tensors.size(), 2);
  append(out, tensors.size(), 2);
  append(out, directory.size(), 4);
  append(out, start, 4);
  append(out, 0, 2);
  return out;
}

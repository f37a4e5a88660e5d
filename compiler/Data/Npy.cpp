//===- Npy.cpp - numpy's .npy format --------------------------------------===//
//
// Format: numpy.lib.format, versions 1.0 to 3.0. The header is a Python dictionary with the keys
// descr, fortran_order and shape; only that form is parsed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Data/Npy.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace fovea;
using llvm::StringRef;

static constexpr struct {
  const char *descr;
  DType dtype;
} kDescrs[] = {{"f4", DType::F32}, {"f8", DType::F64}, {"f2", DType::F16}, {"V2", DType::BF16},
               {"i1", DType::I8},  {"i2", DType::I16}, {"i4", DType::I32}, {"i8", DType::I64},
               {"u1", DType::U8},  {"u2", DType::U16}, {"u4", DType::U32}, {"u8", DType::U64},
               {"b1", DType::Bool}};

static llvm::Error malformed(const llvm::Twine &what) {
  return llvm::createStringError("malformed npy: " + what);
}

namespace {
/// The three entries of the header's dictionary.
struct Header {
  DType dtype = DType::F32;
  bool fortran = false;
  llvm::SmallVector<int64_t, 4> shape;
};

/// A cursor over the dictionary text.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  llvm::Expected<Header> parse() {
    Header header;
    bool descr = false, order = false, shape = false;
    if (!consume("{"))
      return malformed("expected a dictionary");
    while (!consume("}")) {
      StringRef key;
      if (!string(key) || !consume(":"))
        return malformed("expected a key");
      bool known = key == "descr" || key == "fortran_order" || key == "shape";
      if (!known)
        return malformed("unknown key '" + key + "'");
      if (key == "descr") {
        if (llvm::Error error = parseDescr(header))
          return std::move(error);
        descr = true;
      } else if (key == "fortran_order") {
        header.fortran = consume("True");
        if (!header.fortran && !consume("False"))
          return malformed("expected True or False");
        order = true;
      } else {
        if (!parseShape(header.shape))
          return malformed("expected a tuple of extents");
        shape = true;
      }
      if (!consume(",") && !rest.ltrim().starts_with("}"))
        return malformed("expected ',' or '}'");
    }
    if (!descr || !order || !shape || !rest.trim().empty())
      return malformed("incomplete dictionary");
    return header;
  }

private:
  bool consume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  bool string(StringRef &value) {
    rest = rest.ltrim();
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
      return false;
    size_t end = rest.find(rest[0], 1);
    if (end == StringRef::npos)
      return false;
    value = rest.slice(1, end);
    rest = rest.drop_front(end + 1);
    return true;
  }
  llvm::Error parseDescr(Header &header) {
    StringRef descr;
    if (!string(descr) || descr.size() < 2)
      return malformed("structured or missing descr");
    if (descr[0] == '>')
      return llvm::createStringError("npy with big-endian elements '" + descr +
                                     "' is not supported");
    for (auto &entry : kDescrs)
      if ((descr[0] == '<' || descr[0] == '|') && descr.drop_front() == entry.descr) {
        header.dtype = entry.dtype;
        return llvm::Error::success();
      }
    return llvm::createStringError("npy with elements '" + descr + "' is not supported");
  }
  bool parseShape(llvm::SmallVectorImpl<int64_t> &shape) {
    if (!consume("("))
      return false;
    while (!consume(")")) {
      int64_t extent;
      rest = rest.ltrim();
      if (rest.consumeInteger(10, extent) || extent < 0 || shape.size() == 64)
        return false;
      shape.push_back(extent);
      if (!consume(",") && !rest.ltrim().starts_with(")"))
        return false;
    }
    return true;
  }

  StringRef rest;
};
} // namespace

/// Copies column-major `source` into the row-major tensor.
static void copyFromFortran(Tensor &tensor, const uint8_t *source) {
  llvm::SmallVector<int64_t> index(tensor.shape().size(), 0), strides(index);
  int64_t stride = 1;
  for (size_t dim = 0; dim < index.size(); ++dim) {
    strides[dim] = stride;
    stride *= tensor.shape()[dim];
  }
  unsigned size = sizeOf(tensor.dtype());
  int64_t offset = 0;
  for (int64_t target = 0; target < tensor.count(); ++target) {
    std::memcpy(tensor.data() + target * size, source + offset * size, size);
    for (size_t dim = index.size(); dim-- > 0;) {
      offset += strides[dim];
      if (++index[dim] < tensor.shape()[dim])
        break;
      offset -= strides[dim] * index[dim];
      index[dim] = 0;
    }
  }
}

llvm::Expected<Tensor> fovea::parseNpy(llvm::ArrayRef<uint8_t> bytes) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0)
    return malformed("no magic");
  unsigned version = bytes[6], prefix = version == 1 ? 10 : 12;
  if (version < 1 || version > 3 || bytes[7] != 0)
    return malformed("unknown version");
  if (bytes.size() < prefix)
    return malformed("truncated header");
  size_t length = bytes[8] | size_t(bytes[9]) << 8;
  if (version > 1)
    length |= size_t(bytes[10]) << 16 | size_t(bytes[11]) << 24;
  if (length > bytes.size() - prefix)
    return malformed("truncated header");
  StringRef text(reinterpret_cast<const char *>(bytes.data()) + prefix, length);
  llvm::Expected<Header> header = HeaderParser(text).parse();
  if (!header)
    return header.takeError();
  llvm::ArrayRef<uint8_t> data = bytes.drop_front(prefix + length);
  std::optional<int64_t> size = byteCount(header->dtype, header->shape);
  if (!size || static_cast<uint64_t>(*size) != data.size())
    return malformed(describe(header->dtype, header->shape) + " in a file with " +
                     llvm::Twine(data.size()) + " bytes of data");
  llvm::Expected<Tensor> tensor = Tensor::create(header->dtype, header->shape);
  if (!tensor || data.empty())
    return tensor;
  if (header->fortran && header->shape.size() > 1)
    copyFromFortran(*tensor, data.data());
  else
    std::memcpy(tensor->data(), data.data(), data.size());
  if (header->dtype == DType::Bool)
    for (int64_t index = 0; index < tensor->count(); ++index)
      tensor->data()[index] = tensor->data()[index] != 0;
  return tensor;
}

std::vector<uint8_t> fovea::formatNpy(const Tensor &tensor) {
  StringRef descr;
  for (auto &entry : kDescrs)
    if (entry.dtype == tensor.dtype())
      descr = entry.descr;
  bool bytewise = sizeOf(tensor.dtype()) == 1 || tensor.dtype() == DType::BF16;
  std::string text = std::string("{'descr': '") + (bytewise ? "|" : "<") + descr.str() +
                     "', 'fortran_order': False, 'shape': (";
  for (int64_t extent : tensor.shape())
    text += std::to_string(extent) + ", ";
  if (tensor.shape().size() > 1)
    text.resize(text.size() - 2);
  text += "), }";
  while ((10 + text.size() + 1) % 64 != 0)
    text += ' ';
  text += '\n';
  std::vector<uint8_t> bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  bytes.push_back(text.size() & 0xff);
  bytes.push_back(text.size() >> 8);
  bytes.insert(bytes.end(), text.begin(), text.end());
  llvm::ArrayRef<uint8_t> raw = tensor.raw();
  bytes.insert(bytes.end(), raw.begin(), raw.end());
  return bytes;
}

static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> openFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError(path + ": " + buffer.getError().message());
  return std::move(*buffer);
}

static llvm::ArrayRef<uint8_t> bytesOf(const llvm::MemoryBuffer &buffer) {
  return {reinterpret_cast<const uint8_t *>(buffer.getBufferStart()), buffer.getBufferSize()};
}

static llvm::Error inFile(StringRef path, llvm::Error error) {
  return llvm::createStringError(path + ": " + llvm::toString(std::move(error)));
}

static llvm::Error writeFile(StringRef path, llvm::ArrayRef<uint8_t> bytes) {
  llvm::Error error = llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
    stream.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    return llvm::Error::success();
  });
  return error ? inFile(path, std::move(error)) : llvm::Error::success();
}

llvm::Expected<Tensor> fovea::readNpy(StringRef path) {
  auto file = openFile(path);
  if (!file)
    return file.takeError();
  llvm::Expected<Tensor> tensor = parseNpy(bytesOf(**file));
  return tensor ? std::move(tensor) : inFile(path, tensor.takeError());
}

llvm::Error fovea::writeNpy(StringRef path, const Tensor &tensor) {
  return writeFile(path, formatNpy(tensor));
}

llvm::Expected<std::vector<NamedTensor>> fovea::readNpz(StringRef path) {
  auto file = openFile(path);
  if (!file)
    return file.takeError();
  llvm::Expected<std::vector<NamedTensor>> tensors = parseNpz(bytesOf(**file));
  if (!tensors)
    return inFile(path, tensors.takeError());
  return tensors;
}

llvm::Error fovea::writeNpz(StringRef path, llvm::ArrayRef<NamedTensor> tensors) {
  llvm::Expected<std::vector<uint8_t>> bytes = formatNpz(tensors);
  return bytes ? writeFile(path, *bytes) : inFile(path, bytes.takeError());
}

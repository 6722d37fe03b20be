using System.Buffers.Binary;

namespace Whorl.Fuzz;

/// <summary>Makes a new input out of the corpus: small damage, several times over. Reproducible from its seed.</summary>
internal sealed class Mutator(int seed)
{
    // Longer than any limit that a parser states (64 KiB), so that the limits themselves are reached.
    private const int MaxLength = 80 * 1024;
    private const int MaxSteps = 6;

    private static readonly ushort[] Telling = [0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x100, 0x3FFF, 0x4000, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF];

    private readonly Random _random = new(seed);

    public byte[] Next(List<byte[]> corpus)
    {
        List<byte> bytes = [.. corpus[_random.Next(corpus.Count)]];
        for (int steps = 1 + _random.Next(MaxSteps); steps > 0; steps--)
        {
            Damage(bytes, corpus);
        }

        if (bytes.Count > MaxLength)
        {
            bytes.RemoveRange(MaxLength, bytes.Count - MaxLength);
        }

        return [.. bytes];
    }

    private void Damage(List<byte> bytes, List<byte[]> corpus)
    {
        if (bytes.Count == 0)
        {
            bytes.AddRange(RandomBytes(1 + _random.Next(64)));
            return;
        }

        int at = _random.Next(bytes.Count);
        int run = 1 + _random.Next(Math.Min(bytes.Count - at, 1 << _random.Next(12)));
        switch (_random.Next(10))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 3:
                bytes.RemoveRange(at, run);
                break;
            case 4:
                bytes.InsertRange(at, RandomBytes(run));
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, run));
                break;
            case 6:
                byte[] other = corpus[_random.Next(corpus.Count)];
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other.AsSpan(_random.Next(other.Length + 1)));
                break;
            default:
                TamperLength(bytes, at);
                break;
        }
    }

    // Most bugs of parsers sit behind a length: sets one, or moves it by a little, as 8, 16 or 24 bits.
    private void TamperLength(List<byte> bytes, int at)
    {
        int width = Math.Min(1 + _random.Next(3), bytes.Count - at);
        Span<byte> number = stackalloc byte[4];
        number.Clear();
        for (int i = 0; i < width; i++)
        {
            number[4 - width + i] = bytes[at + i];
        }

        uint value = BinaryPrimitives.ReadUInt32BigEndian(number);
        value = _random.Next(3) switch
        {
            0 => Telling[_random.Next(Telling.Length)],
            1 => value + (uint)_random.Next(-4, 5),
            _ => (uint)(bytes.Count - at - width + _random.Next(-3, 4)),
        };
        BinaryPrimitives.WriteUInt32BigEndian(number, value);
        for (int i = 0; i < width; i++)
        {
            bytes[at + i] = number[4 - width + i];
        }
    }

    private byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}

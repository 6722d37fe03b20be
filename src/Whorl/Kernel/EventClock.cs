using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Whorl.Kernel;

/// <summary>
/// Makes the ids of observations that sources write down as they come: UUIDv7 whose 12 bits after the milliseconds are their fraction (RFC 9562 §6.2, method 3), so that an id carries
/// its moment to a quarter of a microsecond and no second time need be kept. The rest is random, from a generator seeded once: an id is a name, not a secret.
/// </summary>
internal sealed class EventClock(TimeProvider clock)
{
    private readonly ulong _key = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));

    private long _count;

    public Guid Next()
    {
        long ticks = clock.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        ulong milliseconds = (ulong)(ticks / TimeSpan.TicksPerMillisecond);
        ulong fraction = (ulong)(ticks % TimeSpan.TicksPerMillisecond) * 4096 / TimeSpan.TicksPerMillisecond;

        // A counter through a bijection (SplitMix64): no two ids of one process are equal, those of two processes hardly ever.
        ulong mixed = (ulong)Interlocked.Increment(ref _count) + _key;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        mixed ^= mixed >> 31;

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (milliseconds << 16) | 0x7000 | fraction);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (mixed & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000);
        return new(bytes, bigEndian: true);
    }

    public static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        ulong high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        long ticks = ((long)(high >> 16) * TimeSpan.TicksPerMillisecond) + ((long)(high & 0xFFF) * TimeSpan.TicksPerMillisecond / 4096);
        return new(ticks + DateTimeOffset.UnixEpoch.UtcTicks, TimeSpan.Zero);
    }
}

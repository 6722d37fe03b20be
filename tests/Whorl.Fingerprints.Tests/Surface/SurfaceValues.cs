using System.Collections;
using System.Globalization;

namespace Whorl.Fingerprints.Tests.Surface;

/// <summary>Makes arguments: random bytes, damaged vectors, and whatever the library itself gave out before.</summary>
internal sealed class SurfaceValues(IReadOnlyList<byte[][]> seeds, IReadOnlyList<string> texts)
{
    // Enough for variety; what methods give out would grow without end.
    private const int MaxKept = 64;

    private readonly Random _random = new(20);
    private readonly Dictionary<Type, List<object>> _made = [];

    /// <summary>Null where nothing of this type is known yet.</summary>
    public object? TryMake(Type type)
    {
        if (type == typeof(byte[]))
        {
            return Bytes();
        }

        if (type == typeof(string))
        {
            return Text();
        }

        if (type == typeof(char[]))
        {
            return Text().ToCharArray();
        }

        if (type.IsEnum)
        {
            // Beyond its members too: a cast number is a value.
            return Enum.ToObject(type, _random.Next(-1, 40));
        }

        if (type == typeof(bool))
        {
            return _random.Next(2) == 0;
        }

        if (type == typeof(DateTimeOffset))
        {
            return DateTimeOffset.UnixEpoch.AddMilliseconds(_random.NextInt64(1L << 40));
        }

        if (type == typeof(TimeSpan))
        {
            return TimeSpan.FromMilliseconds(_random.Next());
        }

        if (type.IsPrimitive)
        {
            long number = _random.Next(6) switch
            {
                0 => _random.NextInt64(),
                1 or 2 => _random.Next(4),
                _ => _random.Next(-3, 200),
            };
            return type == typeof(double) || type == typeof(float)
                ? Convert.ChangeType(number, type, CultureInfo.InvariantCulture)
                : Convert.ChangeType(Wrap(number, type), type, CultureInfo.InvariantCulture);
        }

        if (type == typeof(object))
        {
            return Text();
        }

        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return TryMake(inner);
        }

        if (ElementOf(type) is { } element)
        {
            return Many(element);
        }

        if (_made.TryGetValue(type, out List<object>? made))
        {
            return made[_random.Next(made.Count)];
        }

        // A derived or implementing type, or, for a struct, its default: a caller can always have one.
        return _made.FirstOrDefault(pair => type.IsAssignableFrom(pair.Key)).Value is { } list ? list[_random.Next(list.Count)]
            : type.IsValueType ? Activator.CreateInstance(type) : null;
    }

    public void Keep(IEnumerable<object?> values)
    {
        foreach (object? value in values)
        {
            switch (value)
            {
                case null or string:
                    break;
                case IEnumerable many when value.GetType().Namespace?.StartsWith("System", StringComparison.Ordinal) == true || value is Array:
                    Keep(many.Cast<object?>().Take(8));
                    break;
                default:
                    List<object> kept = _made.TryGetValue(value.GetType(), out List<object>? known) ? known : _made[value.GetType()] = [];
                    if (kept.Count < MaxKept)
                    {
                        kept.Add(value);
                    }
                    else
                    {
                        kept[_random.Next(MaxKept)] = value;
                    }

                    break;
            }
        }
    }

    private byte[] Bytes()
    {
        if (_random.Next(5) == 0)
        {
            byte[] random = new byte[_random.Next(400)];
            _random.NextBytes(random);
            return random;
        }

        byte[][] group = seeds[_random.Next(seeds.Count)];
        byte[] bytes = [.. group[_random.Next(group.Length)]];
        for (int damage = _random.Next(4); damage > 0 && bytes.Length > 0; damage--)
        {
            bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
        }

        return _random.Next(4) == 0 ? bytes[.._random.Next(bytes.Length + 1)] : bytes;
    }

    private string Text()
    {
        if (_random.Next(4) == 0)
        {
            return new([.. Enumerable.Range(0, _random.Next(60)).Select(_ => (char)_random.Next(_random.Next(2) == 0 ? 128 : 0x10000))]);
        }

        string text = texts[_random.Next(texts.Count)];
        int at = _random.Next(text.Length + 1);
        return _random.Next(3) == 0 ? string.Concat(text.AsSpan(0, at), ":\0é", text.AsSpan(at)) : text;
    }

    private Array? Many(Type element)
    {
        object?[] values = [.. Enumerable.Range(0, _random.Next(12)).Select(_ => TryMake(element))];
        if (Array.Exists(values, value => value is null))
        {
            return null;
        }

        Array array = Array.CreateInstance(element, values.Length);
        values.CopyTo(array, 0);
        return array;
    }

    private static Type? ElementOf(Type type) => type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.IsInterface && type.IsAssignableFrom(type.GetGenericArguments()[0].MakeArrayType()) ? type.GetGenericArguments()[0]
        : null;

    private static object Wrap(long number, Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => (byte)number,
        TypeCode.SByte => (sbyte)number,
        TypeCode.UInt16 or TypeCode.Char => (ushort)number,
        TypeCode.Int16 => (short)number,
        TypeCode.UInt32 => (uint)number,
        TypeCode.Int32 => (int)number,
        TypeCode.UInt64 => (ulong)number,
        _ => number,
    };
}

using System.Reflection;
using System.Reflection.Emit;

namespace Whorl.Fingerprints.Tests.Surface;

/// <summary>
/// One public method, constructor or property of the library as a delegate over plain objects. Reflection alone cannot pass a span:
/// the little code made here turns arrays and strings into spans, and makes a ref struct out of bytes before its method is called.
/// </summary>
internal sealed class SurfaceCall
{
    private readonly Func<object?[], object?[]> _call;

    private SurfaceCall(MethodBase method, Type[] needs, Func<object?[], object?[]> call)
    {
        Name = $"{method.DeclaringType!.Name}.{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => parameter.ParameterType.Name))})";
        Needs = needs;
        _call = call;
    }

    public string Name { get; }

    /// <summary>What it must be given: arrays stand for spans.</summary>
    public Type[] Needs { get; }

    /// <summary>Runs it; what it returned and gave out.</summary>
    public object?[] Invoke(object?[] arguments) => _call(arguments);

    public static IEnumerable<SurfaceCall> AllOf(Assembly assembly)
    {
        const BindingFlags own = BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        foreach (Type type in assembly.GetExportedTypes().Where(type => !type.IsEnum && !type.IsSubclassOf(typeof(Delegate))))
        {
            foreach (MethodBase method in type.GetMembers(own).OfType<MethodBase>())
            {
                yield return Of(method);
            }
        }
    }

    private static SurfaceCall Of(MethodBase method)
    {
        Type owner = method.DeclaringType!;
        List<Type> needs = [];
        DynamicMethod code = new(method.Name, typeof(object[]), [typeof(object[])], typeof(SurfaceCall).Module, skipVisibility: true);
        ILGenerator il = code.GetILGenerator();
        List<LocalBuilder> results = [];
        if (!method.IsStatic && !method.IsConstructor)
        {
            LocalBuilder self = il.DeclareLocal(owner);
            LoadValue(il, needs, owner);
            il.Emit(OpCodes.Stloc, self);
            il.Emit(owner.IsValueType ? OpCodes.Ldloca : OpCodes.Ldloc, self);
        }

        foreach (ParameterInfo parameter in method.GetParameters())
        {
            Type type = parameter.ParameterType;
            if (!type.IsByRef)
            {
                LoadValue(il, needs, type);
                continue;
            }

            LocalBuilder place = il.DeclareLocal(type.GetElementType()!);
            if (!parameter.IsOut)
            {
                LoadValue(il, needs, place.LocalType);
                il.Emit(OpCodes.Stloc, place);
            }
            else
            {
                results.Add(place);
            }

            il.Emit(OpCodes.Ldloca, place);
        }

        Type returned = method is MethodInfo info ? info.ReturnType : owner;
        if (method is ConstructorInfo constructor)
        {
            il.Emit(OpCodes.Newobj, constructor);
        }
        else
        {
            il.Emit(owner.IsValueType || method.IsStatic ? OpCodes.Call : OpCodes.Callvirt, (MethodInfo)method);
        }

        if (returned != typeof(void))
        {
            LocalBuilder result = il.DeclareLocal(returned);
            il.Emit(OpCodes.Stloc, result);
            results.Add(result);
        }

        Gather(il, [.. results.Where(result => !result.LocalType.IsByRef && !result.LocalType.IsByRefLike)]);
        return new(method, [.. needs], code.CreateDelegate<Func<object?[], object?[]>>());
    }

    private static void LoadValue(ILGenerator il, List<Type> needs, Type type)
    {
        if (!type.IsByRefLike)
        {
            Load(il, needs, type);
            return;
        }

        if (!type.IsGenericType)
        {
            MakeRefStruct(il, needs, type);
            return;
        }

        // ReadOnlySpan<T> or Span<T>.
        Type array = type.GetGenericArguments()[0].MakeArrayType();
        Load(il, needs, array);
        il.Emit(OpCodes.Newobj, type.GetConstructor([array])!);
    }

    /// <summary>A ref struct cannot be kept: it is made anew, by its constructor over bytes or by the method that gives one out.</summary>
    private static void MakeRefStruct(ILGenerator il, List<Type> needs, Type type)
    {
        if (type.GetConstructor([typeof(ReadOnlySpan<byte>)]) is { } constructor)
        {
            LoadValue(il, needs, typeof(ReadOnlySpan<byte>));
            il.Emit(OpCodes.Newobj, constructor);
            return;
        }

        MethodInfo? maker = type.GetMethods(BindingFlags.Public | BindingFlags.Static)
            .FirstOrDefault(method => method.GetParameters().Any(parameter => parameter.IsOut && parameter.ParameterType.GetElementType() == type));
        if (maker is null)
        {
            // An enumerator, say: from any value that has a method for it.
            MethodInfo giver = type.Assembly.GetExportedTypes().SelectMany(owner => owner.GetMethods(BindingFlags.Public | BindingFlags.Instance))
                .First(method => method.ReturnType == type && method.GetParameters().Length == 0);
            LocalBuilder from = il.DeclareLocal(giver.DeclaringType!);
            LoadValue(il, needs, giver.DeclaringType!);
            il.Emit(OpCodes.Stloc, from);
            il.Emit(from.LocalType.IsValueType ? OpCodes.Ldloca : OpCodes.Ldloc, from);
            il.Emit(OpCodes.Call, giver);
            return;
        }

        LocalBuilder? made = null;
        foreach (ParameterInfo parameter in maker.GetParameters())
        {
            if (!parameter.ParameterType.IsByRef)
            {
                LoadValue(il, needs, parameter.ParameterType);
                continue;
            }

            LocalBuilder given = il.DeclareLocal(parameter.ParameterType.GetElementType()!);
            made = given.LocalType == type ? given : made;
            il.Emit(OpCodes.Ldloca, given);
        }

        il.Emit(OpCodes.Call, maker);
        il.Emit(OpCodes.Pop);
        il.Emit(OpCodes.Ldloc, made!);
    }

    private static void Load(ILGenerator il, List<Type> needs, Type type)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4, needs.Count);
        il.Emit(OpCodes.Ldelem_Ref);
        il.Emit(OpCodes.Unbox_Any, type);
        needs.Add(type);
    }

    private static void Gather(ILGenerator il, LocalBuilder[] results)
    {
        il.Emit(OpCodes.Ldc_I4, results.Length);
        il.Emit(OpCodes.Newarr, typeof(object));
        for (int i = 0; i < results.Length; i++)
        {
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldloc, results[i]);
            il.Emit(OpCodes.Box, results[i].LocalType);
            il.Emit(OpCodes.Stelem_Ref);
        }

        il.Emit(OpCodes.Ret);
    }
}

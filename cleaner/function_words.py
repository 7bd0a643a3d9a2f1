"""Small words that every text of a language holds: cheap evidence of the language a text is in.

The languages of the shipped rule packs that share their script with others, and the neighbours that a short text could
be taken for.  Words of several languages stand under each of them: what counts is by how many words one is ahead.
Splitting is at white space and apostrophes, so an elided "l'" is the word "l".
"""

WORDS = {
    # Latin
    "en": """the of and to a s in that is was for with as on he at by it from be his are have not they which this had
        has were an but or their its been who will would more said after about one also when can she her him than
        other we you your what there how into over out up new all if do so some could just because while i my our most
        under see where against down make me did two first""",
    "de": """der die das und in ist nicht ein eine einen einem einer den dem des sich mit auf für im von zu zum zur
        auch als an am es sie er wir ich hat haben wird werden sind war bei nach aus wie noch nur oder aber so dass um
        vor über durch mehr kann können schon wenn sein seine man bis gegen unter seit habe sagte sei dieser diese
        beim was alle je keine bereits einmal waren würde sollen soll""",
    "fr": """le la les de des du un une et est en que qui dans pour pas sur au aux par plus ne se ce il elle son sa
        ses avec l d qu c n s j mais sont été a ou cette ces leur nous vous on ont comme être fait tout même aussi
        selon entre après deux depuis ans lui y était sans contre où très peut avait avant""",
    "es": """de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin
        sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué
        han donde quien durante contra ante según hay tiene parte tras estos así""",
    "it": """di che e il la in un per è non una del della si con da le i a al gli dei nel alla ha sono come più anche
        lo ma delle dal dell all nella l anni se su tra alle ai questo questa dalla degli sul hanno stato stata essere
        due ad dopo ed suo sua loro era quando ci perché prima nei nell sull c così solo contro fatto cui""",
    "pt": """de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu
        sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter
        seus quem nas me esse eles estão você são anos sobre ainda segundo essa num pelos foram disse após""",
    "nl": """de het een en van in is dat op te zijn met voor niet aan er die als om ook bij door naar maar uit was hij
        heeft over wordt worden nog dan tot ze wel geen werd hun of na meer zich deze dit jaar kan kunnen veel ons wat
        zou moet ik je we al zo tegen onder waar hebben had mensen volgens omdat zegt""",
    "sv": """och att det i en som på är av för med den till har de inte om ett han var men sig från vi så kan när år
        under också efter eller nu sin där vid mot ska skulle kommer ut får finns vara hade alla mycket mer här då
        mellan blir över hon varit man jag säger sedan bara hur sina""",
    "da": """og i at det er en til på som med for de af den har ikke der var et han fra vi om sig men kan også så
        efter ved blev eller nu mod havde når være over bliver mere siger hun man skal ud op uden alle vil kun mellem
        hvor jeg deres været år hvad mange noget nogle to sagde få""",
    "no": """og i det er på en som til av med for at de har den ikke et han om fra var vi seg men kan også så etter
        ved ble eller nå mot hadde når være over blir mer sier hun man skal ut opp uten alle vil bare mellom hvor jeg
        deres vært år hva mange noe noen to sa får hvis mens""",
    "is": """og í á að er sem til var við en um af hann með ekki það fyrir eru frá því þar þá hefur hafa þegar eftir
        verið hún þess voru úr út upp yfir þetta þessi þeir þau einnig segir vera sér sé hafi verður þeirra hans hér
        nú eða ég hjá hins""",
    "fi": """ja on ei että se oli ovat mutta myös hän kun kuin ole sen joka olla mukaan jos niin nyt voi ollut jälkeen
        vain sekä kanssa mitä tämä ne sitä tai vuoden hänen olisi vielä kaikki mikä jotka siitä noin saa pitää tämän
        eivät sanoo koko jo tulee ennen vuonna kertoo suomen suomessa hänelle heidän minä ihan sinä miten missä kuinka
        jossa joita voidaan aikana vuotta viime enää lisäksi jopa siihen kuten muun enemmän kaksi vastaan kuitenkin""",
    "et": """ja on ei et see oli ka kui mis ta kes aga oma siis selle ning või seda mille ole olid nii veel juba välja
        pärast kuid peab pole sest need nende tema üle alates aasta ütles saab võib ainult eest kus väga mitte eesti
        olema oleks enne minu mida teda kõik kogu peale ega muu samuti kuni poolt viimase""",
    "lv": """un ir ar par ka no kā uz kas arī vai bet tā tas lai bija ko pēc tikai līdz pie būs ļoti viņš viņa gada
        kad nav tiek šo savu vairāk jau gan kurā tās būtu pret valsts tomēr kura kuri laikā tad bez mums""",
    "lt": """ir kad į su iš yra tai kaip ar o buvo savo tik bet nuo ne apie dėl per kai jau po jis jos jų prie bus
        gali taip pat metų dar labai tačiau arba daug pagal teigia nes kurie kuris bei iki ši šis būti daugiau
        lietuvos ant""",
    "pl": """w i z na się nie do to że jest o od po za jak a ale przez dla są tym był czy który które która przed ze
        co tego jego już oraz może być również tylko tak bardzo będzie było była roku pod jej ich także lub gdy nad
        jednak został mają przy powiedział między aby""",
    "cs": """a v na se je že s z do to i o k za ale by po jako pro podle od který která které jsem jsou bylo byl také
        při už až ve ze jen nebo není však této tím let před jeho když má mezi aby být roku ještě než své tak uvedl
        proti více bude jejich""",
    "sk": """a v na sa je že s z do to i o k za ale by po ako pre podľa od ktorý ktorá ktoré som sú bolo bol aj pri už
        až vo zo len alebo nie však tejto pred jeho keď má medzi aby byť roku ešte než bola boli čo tiež ich povedal
        proti viac bude toho môže""",
    "hu": """a az és hogy nem is egy van volt ez meg csak már mint de még el ki azt ezt amely ha után vagy lesz majd
        szerint között minden pedig sem ami aki akkor be le több lehet kell során azonban mert volna voltak illetve
        fel nagy hogyan olyan ilyen így úgy amikor most első két akik annak ennek arra amit magyar saját egyik mindig
        nincs szerinte mondta címe""",
    "ro": """de și în a la cu pe din care că o nu un să este pentru mai au fost sunt prin sau ca se al ale ai lui dar
        după fi între către cel cea cele cei până fără despre acest această când poate doar dintre va vor ar era iar
        ani dacă lor""",
    "hr": """i je u na se da su za od koji koja koje što s o a ne bi kao iz ali nije biti će samo kako po do nakon
        prema bio bila bilo također više još sve kod te ili jer već zbog prije godine godina kada između bez gdje tko
        rekao""",
    "sr": """i je u na se da su za od koji koja koje što sa o a ne bi kao iz ali nije biti će samo kako po do nakon
        prema bio bila bilo takođe više još sve kod ili jer već zbog pre godine kada između bez gde ko rekao и је у на
        се да су за од који која које што са о а не би као из али није ће само како по до након према био била било
        више још све код или јер већ због пре године када између без где рекао""",
    "sl": """in je na se da so za ki pa v z s tudi ne kot po še iz bi od to pri ali če že bil bila med vse kar ga si
        bilo več ter tega leta zaradi lahko samo ob kjer pred brez bodo nad njegov jih""",
    "sq": """të e në dhe për me që nga një i është se ka janë do si por u ai kjo ky më nuk edhe kanë tij pas mund
        ishte kur tha pasi duke ose gjatë vetëm saj këtë""",
    "tr": """ve bir bu da de için ile olarak daha çok olan gibi en kadar sonra ise ne ya ancak göre olduğu olduğunu
        tarafından o var değil her ki iki dedi diye yeni şekilde bunun arasında etti ilk üzerinde yer büyük içinde
        yapılan eden ifade söyledi açıklama yaptı karşı birlikte üzere son bin yıl yılında gün tüm bulunan ortaya şu
        bunu önce olması konuştu belirtti kullandı aynı türkiye ilgili edildi yapıldı oldu hem bile nasıl şey""",
    "az": """və bir bu da də üçün ilə olan kimi daha ki olaraq edib ən sonra deyib isə onun bildirib olub qeyd etmək
        hər edən var çox görə həm bildirilir o edilib tərəfindən ya yeni zaman olduğunu əsasında haqqında ilk qədər
        digər bunun bunu necə yoxdur azərbaycan il ildə gün bütün iki arasında məlumat verir kişi idi etdi etmişdir
        deyil nə niyə harada lakin amma""",
    "id": """tapi sejak terkait usai warga sementara sekitar jika jadi yang dan di dengan untuk ini itu dari pada
        dalam tidak akan adalah juga ke karena tersebut oleh sebagai telah saat ada bisa kata sudah lebih bahwa
        menjadi mereka seperti kami kita para hari setelah hingga masih dapat tahun agar serta ia anak namun""",
    "vi": """và của là các có được cho trong một với những không này để đã người khi từ đến về tại cũng như nhiều năm
        ra phải vào trên sẽ hơn theo ở công sau nhưng đó ông bị do nhất việc còn thì""",
    "ca": """de la el i que en a les els del per un una és amb al es no ha va l d com més seva ser aquest aquesta han
        però dels són també pel sobre fins entre quan molt si anys des altres tot dos durant això""",
    "gl": """de a o que e do da en un para é con non unha os no se na por máis as dos como mais foi ao polo pola das
        ten á seu súa ou ser cando moi hai nos xa está tamén ata isto ela entre era despois sen mesmo aos eles anos""",
    "eu": """eta da ez bat du dute izan den ere baina egin hau dira duen zuen ziren zen dela berri baino horrek hori
        beste behar""",
    "af": """die van en het in is nie dat te wat sy vir met hy op om as ook aan deur sal was uit kan hulle maar by ons
        na daar word hierdie haar""",
    "sw": """na ya wa kwa ni katika za la kuwa hiyo huo huyo alisema pia cha hii kama wakati yake watu ambao baada
        kutoka lakini hivyo""",
    "so": "oo iyo ka ku in ay la ah soo waa uu si ayaa u waxaa ee kale",
    "tl": """ang ng sa na mga at ay hindi ito ni para kung siya may isang ko mula nang naman kanyang ayon lang din rin
        pa noong""",
    "cy": "yn y i a o ar yr ei mae wedi am gan ac gyda eu ond oedd fod ddim roedd hyn hefyd",
    "ga": "agus an na ar a i go do le sé tá bhí ag is faoi nach ach siad chun ó",
    "lb": "de an dat den op mat ass fir d vun zu net eng ze och um wéi hunn dem huet bei nach si sinn gëtt",
    "ms": """yang dan di dengan untuk ini itu dari pada dalam tidak akan adalah juga ke kerana tersebut oleh sebagai
        telah ada boleh kata sudah lebih bahawa menjadi mereka seperti kami kita beliau kepada daripada ialah selepas
        sebuah""",
    "eo": "la de kaj en estas al ne mi por kun ke ĝi la pri estis sed kiel li tiu pli",
    # Cyrillic
    "ru": """и в не на с что по а как из это за для о к но от его он все так же до только был если при или бы они уже
        во будет их у может также под чтобы этом который которые которой была было были том со этого время года году
        после еще ещё между россии когда есть нет где мы я""",
    "uk": """і в не на з що та до за а як про для від у але його він все то є по які під вже якщо або року було вони
        із буде час який щоб також через їх після при це цього між більше можуть може яка був була були її де україни
        тому ще ми""",
    "be": """і ў не на з што па а як за для да але яго ён усё так пра ад у якія гэта які быў была былі было ці каб або
        калі якая таксама пасля паміж будзе яны іх ужо паводле года годзе ёсць гэтага гэты толькі можа беларусі""",
    "bg": """на и в да се за от с е са не по че като до ще си това към при във след което който която които беше или
        но има може той тя още със само между през вече бъде трябва според обаче както""",
    "mk": """на и во да се од за е со не дека ќе ги по што како го ја тоа до кој која кои или беше биде при но има
        според само уште пред меѓу овој оваа сите може година""",
    "kk": """және мен бен да де бұл бір үшін деп осы ол болып дейді туралы бойынша жылы сондай оның қазақстан болды
        екен кейін керек арқылы еді қарай деген бар жоқ осындай қазіргі бойы мұндай дейін оны сол біз олар тиіс
        ретінде кезде жаңа жыл емес""",
    "ky": """жана бул бир үчүн деп менен болгон ал деген боюнча кийин эле жок бар тууралуу кыргызстан аны анын дагы
        эмес ошондой керек ошол кайсы кандай менин кыргыз жылы башка ошону экен тийиш чейин алар биз""",
    "tg": "ва дар аз ба ки бо барои ин аст мекунад шуд буд худ он ҳам то бар кард тоҷикистон шуда аст буданд",
    "mn": "нь болон энэ байна юм гэж бол ба тэр өөрийн талаар хийх нэг бөгөөд монгол байгаа улсын",
    "tt": "һәм бу бер белән өчен дә да дип булган ул татарстан итә шул бар юк",
    # Arabic
    "ar": """في من على أن إلى التي عن مع هذا الذي ما هذه بعد كما خلال لا بين قال كان قد أو هو هي حيث ذلك كل عام إن
        كانت أنه منذ لم غير حتى عند قبل الله وقال وقد أي ولم عليه بن""",
    "fa": """و در به از که این را با است برای آن می یک شد تا کرد های هم شده بر خود ما نیز کرده دارد باید بود اما یا او
        شود وی سال شدن گفت کند ها اگر کنند میان باشد پیش ای هستند""",
    "ur": """کے کی میں ہے اور سے کا کو نے ہیں پر کہ بھی نہیں یہ کر تھا اس ایک تھے ہو کیا گیا جو وہ ان تک تو ہوئے لیے
        ساتھ بعد گئے رہے کہا اپنے ہوا""",
    "ps": "په او د له چې کې ته دی ده یې سره هم نه شوي کړې دا وي هغه خپل دې کړی",
    "ku": "لە و بۆ بە کە ئەم ئەو لەگەڵ هەر دەکات بوو نێوان پێی کوردستان یەک هەموو کرد",
    # Hebrew
    "he": """של את על לא זה הוא עם כי גם היא אם או כל יותר אבל אני יש אין בין לאחר לפני היה הם כך מה אך רק שלו עוד אשר
        זו אחרי היו להיות כמו עד אל כדי""",
    "yi": "און די אין פון איז צו דער נישט האט דאס ער מיט אויף א זיין פאר אז",
    # Devanagari
    "hi": """के में की है और से को का ने पर कि हैं भी यह इस एक नहीं किया लिए कर हो गया तो ही था कहा साथ बाद रहे अपने
        गए थे वह जो तक थी""",
    "mr": """आहे आणि या व च आहेत हे ही तर मात्र त्यांनी होते झाली केली केले झाले यांनी असे त्या हा नाही साठी करण्यात
        होता तसेच आला पण होती""",
    "ne": "छ र को मा ले गरेको छन् पनि भएको लागि गर्न यो हो भने गरे नेपाल तथा बताए थियो गर्ने एक रहेको हुने भएका",
}
